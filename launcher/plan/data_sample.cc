#include "launcher/plan/data_sample.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "common/schedule/schedule.h"
#include "common/schedule/slice_tree.h"
#include "launcher/plan/distinct_counter.h"
#include "launcher/plan/row_growth.h"
#include "worker/batch/batch.h"
#include "worker/data/epoch_order.h"

namespace fathom {
namespace {

using Clock = std::chrono::steady_clock;

// Neighbouring examples that are read together: a packed block.
constexpr std::uint64_t kRun = 4096;
constexpr std::uint64_t kHeldRuns = 16;  // kept in memory at a time
constexpr int kBatches = 12;
constexpr int kWarmBatches = 3;  // so that memory is there when the clock runs

double ElapsedSeconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

class RowCounter {
 public:
  explicit RowCounter(const ModelSpec& spec)
      : spec_(spec), counters_(spec.tables.size()), draws_(spec.tables.size()) {}

  void Add(const ExampleView& example) {
    std::size_t single = 0;
    int list = 0;
    for (const Field& field : spec_.fields) {
      DistinctCounter& counter = counters_[static_cast<std::size_t>(field.table)];
      double& draws = draws_[static_cast<std::size_t>(field.table)];
      if (!field.multivalent) {
        counter.Add(example.keys[single++]);
        ++draws;
      } else {
        for (const Key key : example.list(list)) counter.Add(key);
        draws += static_cast<double>(example.list(list++).size());
      }
    }
  }

  void Count(std::vector<std::vector<RowCount>>* counts) const {
    for (std::size_t t = 0; t < counters_.size(); ++t)
      (*counts)[t].push_back({draws_[t], counters_[t].Estimate()});
  }

 private:
  const ModelSpec& spec_;
  std::vector<DistinctCounter> counters_;
  std::vector<double> draws_;  // by table
};

constexpr double kUnknown = std::numeric_limits<double>::infinity();

double MostValues(const Config& config, const ColumnConfig& column) {
  if (column.hash_buckets > 0) return static_cast<double>(column.hash_buckets);
  if (config.data.format != DataFormat::kGenerated) return kUnknown;
  return static_cast<double>(column.values > 0 ? column.values : config.generated.values);
}

double MostValues(const Config& config, const CrossConfig& cross) {
  if (cross.hash_buckets > 0) return static_cast<double>(cross.hash_buckets);
  double product = 1;
  for (const ColumnConfig& column : config.columns) {
    if (std::count(cross.columns.begin(), cross.columns.end(), column.name) > 0)
      product *= MostValues(config, column);
  }
  return product;
}

// By table: more rows than these cannot be.
std::vector<double> MostRows(const Config& config, const ModelSpec& spec) {
  std::vector<double> most(spec.tables.size(), 0);
  for (const Field& field : spec.fields) {
    double& of_table = most[static_cast<std::size_t>(field.table)];
    for (const ColumnConfig& column : config.columns) {
      if (column.name == field.name) of_table += MostValues(config, column);
    }
    for (const CrossConfig& cross : config.crosses) {
      if (CrossName(cross) == field.name) of_table += MostValues(config, cross);
    }
  }
  return most;
}

// The rows of a table whose columns are generated: their law is known. Nothing: of other tables,
// those of crosses too.
std::optional<double> KnownRows(const Config& config, const ModelSpec& spec, std::size_t table,
                                double examples) {
  if (config.data.format != DataFormat::kGenerated) return std::nullopt;
  double rows = 0;
  for (const Field& field : spec.fields) {
    if (static_cast<std::size_t>(field.table) != table) continue;
    const auto column =
        std::find_if(config.columns.begin(), config.columns.end(),
                     [&](const ColumnConfig& one) { return one.name == field.name; });
    if (column == config.columns.end()) return std::nullopt;
    rows += DistinctValues(MostValues(config, *column), config.generated.skew, examples);
  }
  return rows;
}

}  // namespace

DataSample SampleData(const ExampleSource& train, const ExampleSource* evaluation,
                      const Config& config, const ModelSpec& spec, SampleLimit limit) {
  DataSample sample{.train_examples = train.examples(),
                    .evaluation_examples = evaluation == nullptr ? 0 : evaluation->examples(),
                    .mapped_bytes = train.mapped_bytes() +
                                    (evaluation == nullptr ? 0 : evaluation->mapped_bytes())};
  // Runs of examples from all over the data: a stride that has no divisor in common with their
  // number visits each once.
  const std::uint64_t runs = (sample.train_examples + kRun - 1) / kRun;
  std::uint64_t stride = static_cast<std::uint64_t>(static_cast<double>(runs) * 0.618) | 1;
  while (std::gcd(stride, runs) != 1) ++stride;
  RowCounter counter(spec);
  ExampleScratch scratch;
  std::vector<std::vector<RowCount>> counts(spec.tables.size());  // at every doubling, and at last
  std::uint64_t next_count = 2 * kRun;
  const auto begin = Clock::now();
  for (std::uint64_t r = 0; r < runs && sample.counted_examples < limit.examples &&
                            ElapsedSeconds(Clock::now() - begin) < limit.seconds;
       ++r) {
    const std::uint64_t first = r * stride % runs * kRun;
    const std::uint64_t end = std::min(first + kRun, sample.train_examples);
    for (std::uint64_t e = first; e < end; ++e) counter.Add(train.Example(e, &scratch));
    sample.counted_examples += end - first;
    if (r % kHeldRuns == 0) train.Release();
    if (sample.counted_examples < next_count) continue;
    counter.Count(&counts);
    next_count *= 2;
  }
  train.Release();
  counter.Count(&counts);
  const double share =
      static_cast<double>(sample.counted_examples) / static_cast<double>(sample.train_examples);
  const std::vector<double> most = MostRows(config, spec);
  for (std::size_t t = 0; t < counts.size(); ++t) {
    const RowCount& last = counts[t].back();
    if (share == 1 || last.rows == 0) {
      sample.rows.push_back(last.rows);
    } else if (const auto known =
                   KnownRows(config, spec, t, static_cast<double>(sample.train_examples))) {
      sample.rows.push_back(*known);
    } else {
      sample.rows.push_back(std::min(ExtrapolateRows(counts[t], last.draws / share), most[t]));
    }
  }
  return sample;
}

PartLoad SamplePart(const ExampleSource& train, const Config& config, const ModelSpec& spec,
                    int parts) {
  const Schedule schedule(config, train.examples());
  const EpochOrder order(config, train.examples(), 0);
  BatchBuilder builder(spec, train);
  Batch batch;
  PartLoad load{.tables = std::vector<TableLoad>(spec.tables.size())};
  int counted = 0;
  std::vector<double> seconds;
  for (int b = 0; b < kWarmBatches + kBatches; ++b) {
    const StepPlan plan = schedule.Plan(schedule.steps_per_epoch() * static_cast<unsigned>(b) /
                                        (kWarmBatches + kBatches));
    const auto [begin, end] = SlicesOfWorker(plan.slices, b % parts, parts);
    batch.slices = end - begin;
    batch.slice_size = static_cast<std::uint32_t>(config.train.slice_size);
    const std::uint32_t first = std::min(begin * batch.slice_size, plan.examples);
    const std::uint32_t last = std::min(end * batch.slice_size, plan.examples);
    const auto started = Clock::now();
    builder.Fill(
        last - first, [&](std::uint32_t i) { return order(plan.first + first + i); }, &batch);
    if (b < kWarmBatches) continue;
    ++counted;
    seconds.push_back(ElapsedSeconds(Clock::now() - started));
    load.examples += batch.examples;
    for (std::size_t t = 0; t < batch.tables.size(); ++t) {
      load.tables[t].occurrences += static_cast<double>(batch.tables[t].examples.size());
      load.tables[t].keys += static_cast<double>(batch.tables[t].keys.size());
      load.tables[t].segments += static_cast<double>(batch.tables[t].segments.size());
    }
  }
  std::nth_element(seconds.begin(), seconds.begin() + counted / 2, seconds.end());
  load.batch_seconds = seconds[static_cast<std::size_t>(counted / 2)];
  load.examples /= counted;
  for (TableLoad& table : load.tables) {
    table.occurrences /= counted;
    table.keys /= counted;
    table.segments /= counted;
  }
  return load;
}

}  // namespace fathom
