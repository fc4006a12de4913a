// What a short look at the data tells of a run: how many keys its batches name, how many rows it
// will make, and how long a batch takes to build.
#pragma once

#include <cstdint>
#include <vector>

#include "common/config/config.h"
#include "common/model/model_spec.h"
#include "worker/data/example_source.h"

namespace fathom {

// Of one table in one worker's part of a batch (worker/batch/batch.h says what these are).
struct TableLoad {
  double occurrences = 0;
  double keys = 0;
  double segments = 0;
};

// A worker's part of a batch, on average.
struct PartLoad {
  double examples = 0;
  double batch_seconds = 0;  // to build it, on a thread of its own
  std::vector<TableLoad> tables;
};

struct DataSample {
  std::uint64_t train_examples = 0;
  std::uint64_t evaluation_examples = 0;
  std::uint64_t counted_examples = 0;  // whose keys were counted; fewer: rows are extrapolated
  std::vector<double> rows;            // by table: distinct keys of the whole training part
  std::uint64_t mapped_bytes = 0;      // of the packed files
};

// How much of the data is looked at: less where either is reached.
struct SampleLimit {
  double seconds;
  std::uint64_t examples = ~std::uint64_t{0};
};

// Counts the keys of examples from all over the data. Extrapolated rows are no more than the config
// says that there can be (hash_buckets; the values of generated columns).
DataSample SampleData(const ExampleSource& train, const ExampleSource* evaluation,
                      const Config& config, const ModelSpec& spec, SampleLimit limit);

// `parts`: how many workers share a batch.
PartLoad SamplePart(const ExampleSource& train, const Config& config, const ModelSpec& spec,
                    int parts);

}  // namespace fathom
