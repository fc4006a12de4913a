// Writes a shard's rows and dense parameters into a model's folder, and knows what the last
// checkpoint holds of them.
//
// A checkpoint that follows another one holds, for each partition, either the whole partition or
// the rows changed since; files that stay as they are come over as hard links. A partition is
// written whole again once its files of changes would be more than 16, or would grow to between
// half and all of the bytes of its whole file: each partition at another share, so that not all are
// written whole at the same checkpoint. Thread rule: the server's thread.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "common/message/saved_message.h"
#include "common/model/manifest.h"
#include "common/model/model_output.h"
#include "common/partitions.h"
#include "server/table/admission_filter.h"
#include "server/table/dense_table.h"
#include "server/table/slab_arena.h"
#include "server/table/sparse_table.h"

namespace fathom {

class ShardFiles {
 public:
  // Of the partitions [first_partition, end_partition).
  ShardFiles(const std::vector<TableSpec>& specs, std::deque<SparseTable>& tables,
             const DenseTable& dense, SlabArena& arena, const AdmissionFilter& admission,
             Partitions cut, int first_partition, int end_partition);

  // The shard was read from this checkpoint and has not changed since.
  void Loaded(const Manifest& manifest);

  // Rows of the partition have moved or gone: the next checkpoint has it whole.
  void Rewritten(int partition);

  // Writes the whole shard; marks and chains stay as they are. Throws Error(kModel).
  SavedMessage SaveModel(const ModelOutput& out, const Alive& alive);

  // Writes the shard as it is at `step`, upon the checkpoint of `base_step` if that is the last
  // that this shard wrote or was read from, else whole. Throws Error(kModel): then all is as if it
  // had not been called, but for what it left in `out`.
  SavedMessage SaveCheckpoint(const ModelOutput& out, std::uint64_t step,
                              std::optional<std::uint64_t> base_step, const Alive& alive);

  // By table.
  std::vector<TableStatistics> Statistics() const;

 private:
  // What the last checkpoint has of a partition.
  struct Chain {
    std::vector<ModelFileEntry> files;  // the whole one, then the changes
    std::vector<std::uint64_t> rows;    // by table
  };

  Chain SavePartition(const ModelOutput& out, int partition, std::uint64_t step, const Chain* base,
                      const Alive& alive, std::uint64_t* bytes_written) const;
  ModelFileEntry Write(const ModelOutput& out, const std::string& name, int partition,
                       SparseTable::Which which, const Alive& alive) const;
  void SaveAdmission(const ModelOutput& out, const Alive& alive, SavedMessage* saved) const;
  std::uint64_t ChangedBytes(int partition) const;
  std::vector<std::uint64_t> RowsOf(int partition) const;

  const std::vector<TableSpec>& specs_;
  std::deque<SparseTable>& tables_;
  const DenseTable& dense_;
  SlabArena& arena_;
  const AdmissionFilter& admission_;
  Partitions cut_;
  int first_partition_;
  int end_partition_;
  std::vector<Chain> chains_;           // by partition; empty: no checkpoint yet
  std::optional<std::uint64_t> saved_;  // the step of the chains
};

}  // namespace fathom
