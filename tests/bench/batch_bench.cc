// A batch of 2,048 examples with 26 long-tailed fields: from packed examples to unique keys.
#include <benchmark/benchmark.h>

#include <cmath>
#include <filesystem>

#include "common/random.h"
#include "worker/batch/batch.h"
#include "worker/data/packed_data.h"
#include "worker/data/packed_writer.h"

namespace fathom {
namespace {

constexpr int kFields = 26;
constexpr std::uint32_t kBatch = 2048;
constexpr std::uint32_t kExamples = 100 * kBatch;

ModelSpec Spec() {
  Config config;
  for (int f = 0; f < kFields; ++f) config.columns.push_back({.name = "C" + std::to_string(f)});
  return MakeModelSpec(config);
}

void FillBatch(benchmark::State& state) {
  const ModelSpec spec = Spec();
  const auto file = std::filesystem::temp_directory_path() / "fathom-batch-bench.fpk";
  const PackedShape shape(spec);
  PackedWriter writer(file, shape);
  for (std::uint32_t e = 0; e < kExamples; ++e) {
    PackedExamples one(shape);
    EncodedExample example{.label = static_cast<std::uint8_t>(e % 2)};
    for (std::uint64_t f = 0; f < kFields; ++f) {
      const double u = UnitDouble(Mix64(f, e));
      example.keys.push_back(Mix64(f, static_cast<std::uint64_t>(std::pow(1 - u * 0.9, -7.0))));
    }
    one.Add(example);
    writer.Append(one);
  }
  writer.Finish();
  const PackedData data(file, spec);
  BatchBuilder builder(spec, data);
  Batch batch;
  std::uint32_t first = 0;
  for (auto _ : state) {
    builder.Fill(
        kBatch, [&](std::uint32_t i) { return (first + i) % kExamples; }, &batch);
    first += kBatch;
  }
  state.counters["examples/s"] =
      benchmark::Counter(kBatch, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["unique keys"] = static_cast<double>(batch.tables[0].keys.size());
  std::filesystem::remove(file);
}
BENCHMARK(FillBatch)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fathom
