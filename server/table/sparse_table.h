// One table's rows of this server's partitions: found, created, updated, evicted, put in order.
//
// A row is a pointer to its state (row_state.h) and stays where it is until rows are evicted.
// Thread rule: the server's thread alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/config/config.h"
#include "common/file/alive.h"
#include "common/key.h"
#include "common/message/saved_message.h"
#include "common/model/model_spec.h"
#include "common/partitions.h"
#include "server/table/eviction.h"
#include "server/table/row_index.h"
#include "server/table/row_store.h"
#include "server/table/row_update.h"
#include "server/table/slab_arena.h"

namespace fathom {

class SparseTable {
 public:
  // Of the partitions [first_partition, end_partition). The arena must outlive the table.
  SparseTable(const TableSpec& spec, const Config& config, int first_partition, int end_partition,
              SlabArena* arena);

  const TableSpec& spec() const { return spec_; }

  // rows[i] is the row of keys[i], or null where there is none. The keys are in this server's
  // partitions; many at once hide the wait for memory.
  void Find(std::span<const Key> keys, float** rows) const;

  // Begins to read the rows of these keys from the cold tier, where they lie there, without
  // waiting.
  void FetchAhead(std::span<const Key> keys);

  // As Find, but the rows that are missing are created with their initial values, unless the key is
  // not admitted in this step or its partition is closed. A key may stand there once. Throws
  // Error(kTraining) when a partition can hold no more or memory is full.
  void FindOrCreate(std::span<const Key> keys, std::uint64_t step, float** rows);

  // A closed partition gets no new rows.
  void Close(int partition, bool closed) { At(partition).closed = closed; }

  // Forgets all but `keep` rows of a partition, those with the lowest scores, of equal ones those
  // with the lowest keys. Rows move: what was found before is not there any more.
  void Evict(int partition, std::uint64_t keep, AtLimit score);

  // Forgets the rows of a partition whose last update is `unused_steps` or more before `step`, of a
  // table that keeps it. False: there were none, and no row has moved.
  bool EvictUnused(int partition, std::uint64_t step, std::int64_t unused_steps);

  // An update that found no row.
  void CountRefused() { ++refused_updates_; }

  // Brings rows towards the processor; there may be null ones.
  void Prefetch(std::span<const float* const> rows) const;
  // For a loop over the rows that is at row i: now and then prefetches some that it comes to soon.
  void PrefetchAhead(std::span<const float* const> rows, std::size_t i) const;

  // What a pull gives of rows[i], the row of keys[i]: its weight; its embedding, [keys x dim]. A
  // null row gives the weight 0 and, to train on, the initial embedding of its key, else zeros.
  enum class Pull { kToTrain, kToScore };
  void GatherWeights(std::span<float* const> rows, std::span<float> weights) const;
  void GatherEmbeddings(Pull pull, std::span<const Key> keys, std::span<float* const> rows,
                        std::span<float> embeddings) const;

  // One step of the update rules, and a mark. The gradient of the embedding: [dim].
  void Update(std::uint64_t step, float* row, float wide, std::span<const float> deep);

  // The updates from now on are with this share of the learning rates.
  void TakeShareOfRate(double share) { update_.TakeShareOfRate(share); }

  // Creates a row with this state ([state_floats]); the key must be new.
  void Restore(Key key, std::span<const float> state);

  // The state of another model's row that a warm start takes over, as it lies in this table; an
  // empty part is as if new.
  struct KeptState {
    std::span<const float> wide;  // [TableSpec::wide_floats()]: with the weight
    std::span<const float> deep;  // [TableSpec::deep_state_floats()]
  };

  // Creates a row with this weight and embedding ([dim]); the key must be new. Other settings of
  // the rule than the kept state is from do not change the weight; false: nothing gives it under
  // them, and it is 0.
  bool RestoreValues(Key key, float weight, std::span<const float> embedding,
                     const KeptState& kept);

  // A partition's rows in ascending order of key: all, or those marked in the arena (which keeps
  // marks where checkpoint.every_steps is set).
  enum class Which { kAll, kChanged };
  bool keeps_marks() const { return marks_; }
  std::uint64_t RowsOf(int partition) const { return At(partition).rows.size(); }
  std::uint64_t ChangedRows(int partition) const;
  std::vector<const float*> SortedRows(int partition, Which which = Which::kAll,
                                       const Alive& alive = SayNothing) const;

  TableStatistics Statistics() const;

  // What finding rows takes, and where rows may lie on disk their keys' hashes.
  std::size_t index_bytes() const;

 private:
  struct Partition {
    RowIndex index;
    RowStore rows;
    bool closed = false;
  };

  const Partition& At(int partition) const {
    return partitions_[static_cast<std::size_t>(partition - first_partition_)];
  }
  Partition& At(int partition) {
    return partitions_[static_cast<std::size_t>(partition - first_partition_)];
  }
  bool FetchRow(const float* row) const;
  float* Append(Key key);
  float* Create(Key key);
  bool Admits(Key key, std::uint64_t step) const;
  double ScoreOf(const float* row, AtLimit score) const;
  void Forget(Partition& partition, const Leaving& leaving);
  int ZeroWeights(const float* row) const { return update_.HasZeroWeight(row) ? 1 : 0; }
  std::size_t dim() const { return static_cast<std::size_t>(spec_.dim); }

  TableSpec spec_;
  Partitions cut_;
  int first_partition_;
  std::size_t row_bytes_;
  bool marks_;
  ColdTier* cold_;  // null: all rows stay in memory
  RowUpdate update_;
  std::vector<Partition> partitions_;
  std::uint64_t admission_seed_;
  double admission_probability_;
  std::uint64_t zero_weights_ = 0;  // kept with each change: a walk over rows on disk takes minutes
  std::uint64_t evicted_rows_ = 0;
  std::uint64_t refused_updates_ = 0;
  std::uint64_t rows_asked_ = 0;
  std::uint64_t rows_read_ = 0;
};

}  // namespace fathom
