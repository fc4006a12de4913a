// A model on disk (docs/model-format.md): a folder with
//   manifest.json    written last: step, seed, tables, and every file's bytes and checksum
//   config.toml      as in force
//   transforms.json  what ingest learnt from the training examples (vocabularies, means, quantiles)
//   join-NN.csv      table NN of the config's joins: a model scores without the user's files
//   names.tsv        with output.names: which text each key stands for (feature_name.h)
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
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/file/published_folder.h"
#include "common/model/model_spec.h"
#include "common/partitions.h"

namespace fathom {

// The folder of a model or checkpoint is whole once its manifest is there.
inline constexpr PublishedFolder::Seal kModelSeal = {.file = "manifest.json",
                                                     .word = "fathom model"};

inline constexpr const char* kConfigFile = "config.toml";
inline constexpr const char* kTransformsFile = "transforms.json";

struct ModelFileEntry {
  std::string name;  // inside the folder
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;              // XXH3-64 of the whole file
  std::vector<std::uint64_t> blocks = {};  // XXH3-64 of every kBlockBytes of it
  std::vector<std::uint64_t> rows = {};    // by table; empty for files that hold no rows
  std::vector<std::uint64_t> added = {};   // of `rows`, those that no file before it has; by table
  friend bool operator==(const ModelFileEntry&, const ModelFileEntry&) = default;
};

// What a model was made from, beside its config: why two models differ.
struct ModelOrigin {
  std::string program;     // "fathom 0.1.0"
  std::string data;        // fingerprint of the packed training data
  std::string warm_start;  // digest of the model that training began with; empty: initial values
  friend bool operator==(const ModelOrigin&, const ModelOrigin&) = default;
};

// How far a checkpoint's run had come, beside its step.
struct TrainingProgress {
  std::uint64_t examples = 0;  // trained on
  double loss_sum = 0;         // of them, weighted, each before its update
  double weight_sum = 0;       // of their weights
  friend bool operator==(const TrainingProgress&, const TrainingProgress&) = default;
};

// What an evaluation on the validation part said of the model after `step`. NaN: not defined.
struct EvaluatedModel {
  std::uint64_t step = 0;   // 0: there is none yet
  std::uint64_t epoch = 0;  // from 1, of the last of these steps
  double logloss = 0;
  double auc = 0;
  double gauc = 0;
};

// Of a run that keeps its best model, up to here.
struct BestSoFar {
  BestBy by = BestBy::kLogLoss;
  EvaluatedModel best;
  EvaluatedModel last;               // the latest evaluation
  std::uint64_t without_better = 0;  // evaluations since the best
  std::uint64_t digest = 0;          // of the best's manifest, in checkpoints/best-STEP
};

struct Manifest {
  std::uint64_t step = 0;
  std::uint64_t seed = 0;
  std::vector<TableSpec> tables;
  std::uint64_t dense_floats = 0;
  UpdateRuleKind dense_rule = DefaultRule(OptimizerPart::kDense);
  ModelOrigin origin;
  Partitions partitions = Partitions();
  std::vector<ModelFileEntry> files;
  std::optional<TrainingProgress> progress = {};  // of a checkpoint
  std::optional<BestSoFar> best = {};             // of a run that keeps its best model
  std::uint64_t digest = 0;                       // XXH3-64 of the file that it was read from

  std::uint64_t Rows(std::size_t table) const;
};

// Whether a file of a model may be called so: no path, nothing hidden.
bool IsModelFileName(std::string_view name);

// Whether a model, or one that is being written, has files of this name: those above.
bool IsFileOfAModel(std::string_view name);

// The manifest makes the folder a model: written beside, synced, renamed, the folder synced.
void WriteManifest(const std::filesystem::path& dir, const Manifest& manifest);
Manifest ReadManifest(const std::filesystem::path& dir);

// The folder to read where a user names a model's folder, a checkpoint's or the output folder above
// a model: published_folder.h says which one it is while another one is published.
std::filesystem::path FindModel(const std::filesystem::path& dir);

}  // namespace fathom
