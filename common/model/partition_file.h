// rows-NN.bin: the rows of one partition (manifest.h).
//
// Thread rule: any thread; two that write must write different files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/file/alive.h"
#include "common/key.h"
#include "common/model/manifest.h"
#include "common/model/model_output.h"
#include "common/partitions.h"

namespace fathom {

// The file of a partition: whole, or of what has changed up to `step` since the file before it.
std::string PartitionFile(int partition);
std::string PartitionFile(int partition, std::uint64_t step);

// The partition of which a file of a model holds rows or counters; nothing: of none.
std::optional<int> PartitionOfFile(std::string_view name);

// Those of a partition in a manifest, in order.
std::vector<const ModelFileEntry*> FilesOfPartition(const Manifest& manifest, int partition);

// Where the rows of each table lie in a file of a partition.
struct PartitionRows {
  std::vector<std::span<const std::byte>> tables;  // [rows x row_bytes], row_bytes: of the table
};

// Takes a file's bytes apart by its own counts, without a look at its rows. Throws Error(kModel)
// that names `file` where header or counts are not those that the manifest says, or the length is
// another.
PartitionRows TakePartitionApart(const std::filesystem::path& file,
                                 std::span<const std::byte> bytes, const Manifest& manifest,
                                 const ModelFileEntry& entry, int partition);

// Writes one partition's rows into a file; `cut`: of which it is one. A row's state is
// TableSpec::state_floats() floats, as in row_state.h. Rows of a table are added in ascending order
// of key, tables in order. Finish syncs the file and returns its entry; without it the file is
// removed.
class PartitionWriter {
 public:
  PartitionWriter(const ModelOutput& out, const std::string& name, Partitions cut, int partition,
                  const std::vector<TableSpec>& tables);
  ~PartitionWriter();
  void BeginTable(std::size_t table, std::uint64_t rows);
  void AddRow(Key key, std::span<const float> state);
  ModelFileEntry Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Calls `row(table, key, state)` for each row of the partition, in order of table and key. Its
// files are checked first (length, checksums, order, counts): a damaged one throws Error(kModel)
// that names file and place, and no row is passed on.
using RowVisitor = std::function<void(std::size_t table, Key key, std::span<const float> state)>;
void ReadPartition(const std::filesystem::path& dir, const Manifest& manifest, int partition,
                   const RowVisitor& row, const Alive& alive = SayNothing);

}  // namespace fathom
