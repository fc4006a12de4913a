// A model on disk (docs/model-format.md): a folder with
//   manifest.json    written last: step, seed, tables, and every file's bytes and checksum
//   config.toml      as in force
//   transforms.json  what ingest learnt from the training examples (vocabularies, means, quantiles)
//   dense.bin        the dense parameters and the state of their update rule
//   rows-NN.bin      partition NN of every table, its rows in ascending order of key
// The files depend on the model alone: not on the number of servers that wrote them.
// A checkpoint is a model that may hold, beside an older rows-NN.bin, files rows-NN.STEP.bin of the
// rows that have changed since. The manifest names a partition's files in order of step; a row is
// as in the last file that has it. A checkpoint may hold admission-NN.bin too (admission_file.h).
//
// Thread rule: any thread; two that write must write different files or different ranges.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/key.h"
#include "common/model/model_spec.h"

namespace fathom {

struct ModelFileEntry {
  std::string name;  // inside the folder
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;              // XXH3-64 of the whole file
  std::vector<std::uint64_t> blocks = {};  // XXH3-64 of every kBlockBytes of it
  std::vector<std::uint64_t> rows = {};    // by table; empty for files that hold no rows
  std::vector<std::uint64_t> added = {};   // of `rows`, those that no file before it has; by table
  friend bool operator==(const ModelFileEntry&, const ModelFileEntry&) = default;
};

// How far a checkpoint's run had come, beside its step.
struct TrainingProgress {
  std::uint64_t examples = 0;  // trained on
  double loss_sum = 0;         // of them, each before its update
  std::string data;            // fingerprint of the packed data
  friend bool operator==(const TrainingProgress&, const TrainingProgress&) = default;
};

struct Manifest {
  std::uint64_t step = 0;
  std::uint64_t seed = 0;
  std::vector<TableSpec> tables;
  std::uint64_t dense_floats = 0;
  UpdateRuleKind dense_rule = DefaultRule(OptimizerPart::kDense);
  std::vector<ModelFileEntry> files;
  std::optional<TrainingProgress> progress = {};  // of a checkpoint

  std::uint64_t Rows(std::size_t table) const;
};

// The file of a partition: whole, or of what has changed up to `step` since the file before it.
std::string PartitionFile(int partition);
std::string PartitionFile(int partition, std::uint64_t step);

// Those of a partition in a manifest, in order.
std::vector<const ModelFileEntry*> FilesOfPartition(const Manifest& manifest, int partition);

// Writes one partition's rows into a file. A row's state is TableSpec::state_floats() floats, as in
// row_state.h. Rows of a table are added in ascending order of key, tables in order.
// Finish syncs the file and returns its entry; without it the file is removed.
class PartitionWriter {
 public:
  PartitionWriter(const std::filesystem::path& dir, const std::string& name, int partition,
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
                   const RowVisitor& row);

// The dense parameters, [dense_floats], and the state of their update rule, [states x
// dense_floats], which all servers write into one file; `states` is that of the rule's traits. The
// coordinator makes dense.bin full of zeros (CreateDense), each server writes its own range at its
// place and syncs it (WriteDenseRange), and the coordinator reads the file back, checks its length
// and returns its entry (FinishDense), which has no checksums of blocks. All throw Error(kModel).
void CreateDense(const std::filesystem::path& dir, std::uint64_t dense_floats, int states);
// `state`: [states x values.size()].
void WriteDenseRange(const std::filesystem::path& dir, std::uint64_t dense_floats,
                     std::uint64_t first, std::span<const float> values,
                     std::span<const float> state);
ModelFileEntry FinishDense(const std::filesystem::path& dir, std::uint64_t dense_floats,
                           int states);
struct DenseState {
  std::vector<float> values;
  std::vector<float> state;
};
DenseState ReadDense(const std::filesystem::path& dir, const Manifest& manifest);

// Writes a small text file (config.toml, transforms.json) durably and returns its entry.
ModelFileEntry WriteTextFile(const std::filesystem::path& dir, const std::string& name,
                             const std::string& text);
std::string ReadTextFile(const std::filesystem::path& dir, const Manifest& manifest,
                         const std::string& name);

// The manifest makes the folder a model: written beside, synced, renamed, the folder synced.
void WriteManifest(const std::filesystem::path& dir, const Manifest& manifest);
Manifest ReadManifest(const std::filesystem::path& dir);

// The first difference between two models: in step, seed, tables, dense parameters, then rows in
// order of table and key, then the counters of two checkpoints' admission filters. Empty:
// identical. Says which table, key and value, with both values as decimal and bits.
std::string CompareModels(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace fathom
