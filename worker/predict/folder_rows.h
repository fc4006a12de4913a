// The rows of a model's folder, mapped as they lie there. Rows ascend by key and keys are hashes,
// so a row's place is near the share of the key space below its key: no index is needed, and
// opening costs a page a file.
#pragma once

#include <optional>
#include <vector>

#include "common/aligned_vector.h"
#include "common/file/mapped_file.h"
#include "common/model/partition_file.h"
#include "common/model/row_weight.h"
#include "worker/predict/model_rows.h"
#include "worker/predict/row_search.h"
#include "worker/predict/trained_model.h"

namespace fathom {

class FolderRows : public ModelRows {
 public:
  // kNone: what a file says of itself is compared with the manifest, and its rows are not looked
  // at; a damaged one gives wrong scores. kAll: every checksum, and the order of the rows. Throws
  // Error(kModel) that names the file.
  FolderRows(const TrainedModel& model, RowCheck check);

  void Read(std::size_t table, std::span<const Key> keys, PulledRows::Table* rows) const override;
  void ForEach(std::size_t table, const RowUse& use) const override;
  std::span<const float> State(std::size_t table, Key key) const override;
  std::span<const float> dense() const override { return dense_; }

 private:
  struct File {
    MappedFile mapped;
    PartitionRows rows;
  };

  void ReadRow(const TableSpec& spec, const std::byte* row, float* weight, float* embedding) const;
  const std::byte* Find(std::size_t table, Key key) const;
  SortedKeys RowsIn(const File& file, std::size_t table, int partition) const;

  std::vector<TableSpec> tables_;
  Partitions partitions_;
  std::optional<RowWeight> weight_;
  std::vector<std::vector<File>> files_;  // by partition, a later one's rows stand for an earlier's
  AlignedVector<float> dense_;
};

}  // namespace fathom
