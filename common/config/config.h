// The configuration of a run, as in force after the TOML file and the key=value overrides.
//
// Plain data: the names, ranges and help of every member stand in settings.cc, which feeds the
// parser, --help, the dump and docs/config.md. A default here is the default everywhere.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "common/byte_size.h"
#include "common/config/kinds.h"
#include "common/config/optimizer_config.h"
#include "common/partitions.h"

namespace fathom {

inline constexpr int kMaxEmbeddingDim = 4096;

struct DataConfig {
  std::string dir = ".";  // where the globs below start; relative to the config file
  DataFormat format = DataFormat::kCsv;
  bool header = true;                       // csv/tsv: the first line names the columns
  std::vector<std::string> names;           // csv/tsv without header: the columns' names
  std::string separator;                    // csv/tsv: between fields; empty: the format's own
  Quote quote = Quote::kDouble;             // csv/tsv
  bool trim = false;                        // csv/tsv: strip blanks around fields
  std::vector<std::string> missing = {""};  // fields that mean "unknown"
  std::vector<std::string> train;           // globs
  std::vector<std::string> test;            // globs; empty: split `train`
  std::string label = "label";              // COLUMN, or COLUMN OP VALUE[|VALUE...]
  std::vector<std::string>
      label_negative;        // if given: any other label than these or a positive is a bad line
  std::string weight;        // column of the examples' weights; empty: all 1
  double negative_rate = 1;  // share of the negatives that data.train still has
  std::vector<std::string> filter;  // tests as of the label, which a line must all pass
  SplitOrder split_order = SplitOrder::kHash;
  std::vector<std::string> split_by;  // columns whose hash splits; empty: file and line number
  double test_fraction = 0;           // of `train`, when `test` is empty
  double validation_fraction = 0;     // of what is left to train on
  std::int64_t split_seed = 1;
  std::string packed_dir;  // empty: <output.dir>/packed
  std::int64_t packed_keep = 8;
  std::int64_t max_bad_lines = 0;
  std::string duckdb;  // parquet: the library's path; empty: where the system finds it
};

struct GeneratedConfig {  // data.format = DataFormat::kGenerated
  std::int64_t examples = 1000000;
  std::int64_t test_examples = 100000;
  std::int64_t values = 100000;  // of a categorical column
  double skew = 1.0;
  std::int64_t seed = 1;
};

// [[join]]: a side table whose columns are looked up by key and become columns of the data.
struct JoinConfig {
  std::string file;  // CSV with header, under data.dir
  std::string key;   // column of the data
  std::string on;    // column of the side table; empty: same as key
  std::string separator = ",";
  Quote quote = Quote::kDouble;
};

// [[column]]
struct ColumnConfig {
  std::string name;
  std::string source;   // input column; empty: same as name
  std::string extract;  // regular expression: its first group, or all it matches, is the value
  ColumnKind kind = ColumnKind::kCategorical;
  Use use = Use::kBoth;         // kNone: for split_by and group_by only
  std::string separator = "|";  // multivalent
  bool weighted = false;        // multivalent: each value is id:weight (libsvm, libffm)
  TransformKind transform = TransformKind::kNone;
  MissingAs missing_as = MissingAs::kNeutral;  // numeric
  std::int64_t min_count = 1;                  // vocabulary: rarer values share one key
  std::int64_t hash_buckets = 0;               // categorical, multivalent: 0 = one key per value
  std::vector<double> boundaries;              // buckets
  std::int64_t quantiles = 100;                // quantiles: how many
  std::int64_t folds = 5;                      // target_mean
  double prior = 20;                           // target_mean: examples
  std::int64_t dim = 0;                        // 0: model.embedding_dim
  Pooling pooling = Pooling::kSum;             // multivalent
  std::int64_t values = 0;                     // generated: 0: generated.values
};

// The input column that a column reads.
inline const std::string& SourceOf(const ColumnConfig& column) {
  return column.source.empty() ? column.name : column.source;
}

// [[cross]]: one feature for each combination of the columns' values.
struct CrossConfig {
  std::vector<std::string> columns;  // two or more categorical or multivalent columns
  Use use = Use::kWide;              // not kNone
  std::int64_t hash_buckets = 0;
  std::int64_t dim = 0;
  Pooling pooling = Pooling::kSum;
};

struct ModelConfig {
  std::vector<std::int64_t> hidden = {128,
                                      64};  // ReLU layers; empty: no deep part above the embeddings
  std::int64_t embedding_dim = 16;
  double init_stddev = 0.01;  // of a new embedding element
  InitialBias initial_bias = InitialBias::kZero;
  // By ModelPartKind: whether the model has it. Of the optional ones this is the setting
  // model.<name>.
  std::array<bool, kModelParts> parts = {
#define FATHOM_MODEL_PART(kind, name) true,
#define FATHOM_OPTIONAL_PART(kind, name, on, needs, help) on,
#include "common/config/model_parts.def"
#undef FATHOM_OPTIONAL_PART
#undef FATHOM_MODEL_PART
  };

  bool Has(ModelPartKind part) const { return parts[static_cast<std::size_t>(part)]; }
};

struct TrainConfig {
  std::int64_t batch_size = 2048;  // global, over all workers
  std::int64_t slice_size = 256;   // examples in a slice, the unit of compute
  std::int64_t epochs = 1;
  std::int64_t patience = 0;  // evaluations without a better one after which it ends; 0: none
  RateSchedule schedule = RateSchedule::kConstant;
  std::int64_t warmup_steps = 0;  // linear: the rate rises over these
  double final_rate = 0;          // linear: share of the rate that the last step has
  bool shuffle = true;
  std::int64_t shuffle_window = 4194304;  // examples: shuffled within windows, windows shuffled
  Consistency consistency = Consistency::kSync;
  std::int64_t staleness = 4;  // bounded: steps
  RowFormat row_format = RowFormat::kFloat32;
  bool trace = false;              // write <output.dir>/trace.json
  bool digests = false;            // sync: write <output.dir>/digests.txt
  std::vector<std::string> watch;  // "FIELD=TEXT": rows whose life is written down
};

// Only in sync mode has a step one outcome.
inline bool KeepsDigests(const TrainConfig& train) {
  return train.digests && train.consistency == Consistency::kSync;
}

struct WideConfig : OptimizerConfig {  // of the rows' wide weights
  WideConfig() : OptimizerConfig(OptimizerPart::kWide) {}
};

struct DeepConfig : OptimizerConfig {  // of the rows' embeddings
  DeepConfig() : OptimizerConfig(OptimizerPart::kDeep) {}
  Precision precision = Precision::kFloat32;
};

struct DenseConfig : OptimizerConfig {  // of the MLP, the bias, the numeric columns' wide weights
  DenseConfig() : OptimizerConfig(OptimizerPart::kDense) {}
  double init_scale = 1.0;
};

struct EvaluateConfig {
  std::int64_t every_steps = 0;  // 0: only at the end of each epoch
  EvaluationPart on = EvaluationPart::kTest;
  BestBy best = BestBy::kLogLoss;  // where there is a validation part
  std::string group_by;            // column for the per-group AUC (GAUC); empty: none
};

struct ServerConfig {
  std::int64_t partitions = Partitions::kFewest;  // a power of two
  bool huge_pages = true;
  ByteSize memory_limit;  // of all servers' tables together
  std::string cold_tier;  // folder for rows beyond the limit; empty: none
  AtLimit at_limit = AtLimit::kEvictLeastTrained;
  std::int64_t evict_unused_steps = 0;  // rows that no push named for so long go; 0: none
  double admission_probability = 1;     // of a new key in each step that names it
  std::int64_t admission_count = 1;     // steps that must have named a key before it gets a row
  ByteSize admission_filter = "16MB";   // memory of all servers' counters of such keys
};

struct ClusterConfig {
  std::int64_t servers = 0;  // 0: a sensible number
  std::int64_t workers = 0;  // embedded only; 0: a sensible number
  std::int64_t threads = 1;  // compute threads a worker
  TransportKind transport = TransportKind::kAuto;
  std::string interface;  // names and networks between commas; empty: any, as hosts have in common
  bool tls = false;
  double timeout_seconds = 30;
};

struct CheckpointConfig {
  std::int64_t every_steps = 0;  // 0: only when the run is asked to stop
  std::int64_t keep = 2;
};

struct WarmStartConfig {
  std::string model;            // folder of a model; empty: none
  bool optimizer_state = true;  // also take over the update rules' state
  WarmStatistics statistics = WarmStatistics::kKeep;
};

struct OutputConfig {
  std::string dir = "run";
  SharedFolder shared = SharedFolder::kAuto;
  std::int64_t progress_seconds = 2;
  SideTables side_tables = SideTables::kUsed;
  bool names = false;
};

// [sweep]: an experiment over a grid of settings. No part of a run's own config.
struct SweepConfig {
  // The number of processes under mpirun (1: without it); a setting of the layout, and so not of
  // what is scaled; any other setting.
  enum class AxisKind { kRanks, kLayout, kOther };
  struct Axis {
    AxisKind kind = AxisKind::kOther;
    std::string key;                  // a setting's dotted path, or "ranks"
    std::vector<std::string> values;  // as in an override: key=value
  };
  std::vector<Axis> axes;    // in the file's order; the last one changes fastest
  std::int64_t repeats = 1;  // repeat r has seed + r
  double target_auc = 0;     // of the column seconds_to_auc; 0: none
  bool keep_models = false;
};

struct Config {
  std::int64_t seed = 1;
  std::string resume = "no";  // no, auto, restart, or a checkpoint's folder
  OutputConfig output;
  DataConfig data;
  GeneratedConfig generated;
  std::vector<JoinConfig> joins;
  std::vector<ColumnConfig> columns;
  std::vector<CrossConfig> crosses;
  ModelConfig model;
  TrainConfig train;
  WideConfig wide;
  DeepConfig deep;
  DenseConfig dense;
  EvaluateConfig evaluate;
  CheckpointConfig checkpoint;
  WarmStartConfig warm_start;
  ServerConfig server;
  ClusterConfig cluster;
  SweepConfig sweep;
};

}  // namespace fathom
