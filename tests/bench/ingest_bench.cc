// Ingest of a click log in Criteo's layout, one thread: its steps, and the whole way from text to
// packed files. MB/s are of text.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/random.h"
#include "worker/data/packed_writer.h"
#include "worker/feature/feature_encoder.h"
#include "worker/ingest/ingest.h"
#include "worker/text/record_stream.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLines = 200000;  // some 50 MB
constexpr std::uint64_t kBlockLines = 4000;
constexpr std::uint64_t kNumbers = 13;
constexpr std::uint64_t kCategories = 26;

// Counts of one to five digits, 20 % of them missing; categories of eight hexadecimal digits, one
// column in eight half empty. As many bytes a line as Criteo's own, in the mean.
std::string Line(std::uint64_t number) {
  const auto draw = [&](std::uint64_t column) { return UnitDouble(Mix64(column, number)); };
  std::string line = draw(100) < 0.25 ? "1" : "0";
  for (std::uint64_t i = 0; i < kNumbers; ++i) {
    line += '\t';
    if (draw(i) < 0.2) continue;
    const double scale = i == 4 ? 700 : 8;
    line += std::to_string(static_cast<int>(std::expm1(draw(50 + i) * std::log(scale * 10))));
  }
  for (std::uint64_t c = 0; c < kCategories; ++c) {
    line += '\t';
    if (c % 8 == 7 && draw(200 + c) < 0.5) continue;
    const auto value = static_cast<std::uint64_t>(std::pow(1 - draw(300 + c) * 0.9999, -1.5));
    line += fmt::format("{:08x}", static_cast<std::uint32_t>(Mix64(c, value)));
  }
  return line + "\n";
}

std::string Lines(std::uint64_t count) {
  std::string text;
  for (std::uint64_t i = 0; i < count; ++i) text += Line(i);
  return text;
}

// configs/criteo.toml's columns.
Config CriteoConfig(TransformKind numeric_transform) {
  Config config;
  config.data.format = DataFormat::kCriteo;
  config.data.train = {"train.tsv"};
  for (std::uint64_t i = 1; i <= kNumbers; ++i) {
    config.columns.push_back({.name = "I" + std::to_string(i),
                              .kind = ColumnKind::kNumeric,
                              .use = Use::kDeep,
                              .transform = numeric_transform,
                              .missing_as = MissingAs::kZero});
  }
  for (std::uint64_t c = 1; c <= kCategories; ++c)
    config.columns.push_back({.name = "C" + std::to_string(c)});
  return config;
}

// One block of text and all that turns it into examples.
struct Fixture {
  Config config = CriteoConfig(TransformKind::kLogStandardise);
  ModelSpec spec = MakeModelSpec(config);
  InputSchema schema{config, true};
  RecordReader reader{schema};
  FeatureEncoder encoder{schema, spec, LearntTransforms()};
  TextBlock block{.text = Lines(kBlockLines)};
  FileColumns columns = reader.Resolve("train.tsv", "");

  template <typename Take>
  void ForEachRecord(Take take) {
    RecordStream records(block, '\0', '\t');
    Record record;
    while (records.Next(&record)) take(record);
  }
  void CountBytes(benchmark::State& state) const {
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * block.text.size()));
  }
};

void Split(benchmark::State& state) {
  Fixture fixture;
  for (auto _ : state) {
    fixture.ForEachRecord([&](const Record& record) {
      fixture.reader.Read(record, fixture.columns);
      benchmark::DoNotOptimize(fixture.reader.values().data());
    });
  }
  fixture.CountBytes(state);
}
BENCHMARK(Split)->Unit(benchmark::kMicrosecond);

void SplitAndObserve(benchmark::State& state) {
  Fixture fixture;
  fixture.reader.Only(fixture.encoder.ObservedSlots());
  StatisticsByColumn statistics = fixture.encoder.NewStatistics();
  for (auto _ : state) {
    fixture.ForEachRecord([&](const Record& record) {
      fixture.reader.Read(record, fixture.columns);
      fixture.encoder.Observe(fixture.reader.values(), record.line, &statistics);
    });
  }
  fixture.CountBytes(state);
}
BENCHMARK(SplitAndObserve)->Unit(benchmark::kMicrosecond);

void SplitAndEncode(benchmark::State& state) {
  Fixture fixture;
  const PackedShape shape(fixture.spec);
  PackedExamples packed(shape);
  EncodedExample example;
  for (auto _ : state) {
    packed.Clear();
    fixture.ForEachRecord([&](const Record& record) {
      fixture.reader.Read(record, fixture.columns);
      fixture.encoder.Encode(fixture.reader.values(), &example);
      packed.Add(example);
    });
  }
  fixture.CountBytes(state);
}
BENCHMARK(SplitAndEncode)->Unit(benchmark::kMicrosecond);

void Keys(benchmark::State& state) {
  std::vector<ValueColumn> columns;
  std::vector<std::string> texts;
  for (std::size_t c = 0; c < kCategories; ++c) {
    columns.push_back({.seed = ColumnSeed(std::to_string(c)), .value = c, .key = c});
    texts.push_back(fmt::format("{:08x}", c * 0x1234567));
  }
  const std::vector<std::string_view> values(texts.begin(), texts.end());
  std::vector<Key> keys(kCategories);
  for (auto _ : state) {
    ValueKeys(columns, values, keys.data());
    benchmark::DoNotOptimize(keys.data());
  }
  state.counters["keys/s"] =
      benchmark::Counter(kCategories, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(Keys);

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / fmt::format("fathom-ingest-bench-{}", getpid())) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// kLog needs one pass over the text, kLogStandardise two. With a test part the lines and values
// that it shares with the training part are looked for.
void IngestWhole(benchmark::State& state, TransformKind transform, bool with_test = false) {
  const Folder folder;
  std::ofstream(folder.path() / "train.tsv", std::ios::binary) << Lines(kLines);
  Config config = CriteoConfig(transform);
  config.data.dir = folder.path();
  if (with_test) {
    std::ofstream(folder.path() / "test.tsv", std::ios::binary) << Lines(1);
    config.data.test = {"test.tsv"};
  }
  const ModelSpec spec = MakeModelSpec(config);
  for (auto _ : state) {
    Ingest(config, spec, folder.path() / "packed", 1, [](const IngestProgress&) {});
    state.PauseTiming();
    fs::remove_all(folder.path() / "packed");
    state.ResumeTiming();
  }
  const auto bytes = static_cast<std::int64_t>(fs::file_size(folder.path() / "train.tsv"));
  state.SetBytesProcessed(state.iterations() * bytes);
}
BENCHMARK_CAPTURE(IngestWhole, log, TransformKind::kLog)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(IngestWhole, log_and_a_test_part, TransformKind::kLog, true)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(IngestWhole, log_standardise, TransformKind::kLogStandardise)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fathom
