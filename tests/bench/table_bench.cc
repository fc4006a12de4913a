// A server's table of rows: memory while it grows, and requests of 4,096 random keys.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "common/random.h"
#include "server/sparse_table.h"

namespace fathom {
namespace {

constexpr std::size_t kRequestKeys = 4096;
constexpr std::size_t kDim = 16;

std::uint64_t ResidentBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uint64_t kilobytes = 0;
    if (word == "VmRSS:" && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

// Wide and deep, dimension 16, row-wise AdaGrad: 84 B of payload.
struct FilledTable {
  explicit FilledTable(std::uint64_t count) : rows(count) {
    const std::uint64_t before = ResidentBytes();
    std::vector<Key> keys(kRequestKeys);
    std::vector<float*> places(kRequestKeys);
    for (std::uint64_t first = 0; first < count; first += kRequestKeys) {
      for (std::size_t i = 0; i < kRequestKeys; ++i) keys[i] = Mix64(first + i);
      std::sort(keys.begin(), keys.end());
      table.FindOrCreate(keys, 0, places.data());
      // From a tenth on, so that a process's fixed cost does not count as rows'.
      if (first < count / 10) continue;
      const double bytes = static_cast<double>(ResidentBytes() - before);
      worst_bytes_a_row =
          std::max(worst_bytes_a_row, bytes / static_cast<double>(first + kRequestKeys));
    }
    bytes_a_row = static_cast<double>(ResidentBytes() - before) / static_cast<double>(count);
  }

  Config config;
  SlabArena arena;
  SparseTable table{
      {.name = "wide_deep16", .wide = true, .dim = kDim}, config, 0, kPartitions, &arena};
  std::uint64_t rows;
  double bytes_a_row = 0;
  double worst_bytes_a_row = 0;
};

FilledTable& TableOf(std::uint64_t rows) {
  static std::unique_ptr<FilledTable> filled;
  if (!filled || filled->rows != rows) filled = std::make_unique<FilledTable>(rows);
  return *filled;
}

std::vector<Key> Request(std::uint64_t rows, std::uint64_t number) {
  std::vector<Key> keys(kRequestKeys);
  for (std::size_t i = 0; i < kRequestKeys; ++i) keys[i] = Mix64(Mix64(number, i) % rows);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

void PullAndPush(benchmark::State& state) {
  FilledTable& filled = TableOf(static_cast<std::uint64_t>(state.range(0)));
  std::vector<float*> rows(kRequestKeys);
  std::vector<float> weights(kRequestKeys), embeddings(kRequestKeys * kDim);
  const std::vector<float> gradient(kDim, 0.01F);
  std::uint64_t number = 0, done = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const std::vector<Key> keys = Request(filled.rows, number++);
    state.ResumeTiming();
    const std::span<float*> found = std::span(rows).first(keys.size());
    filled.table.Find(keys, found.data());
    filled.table.GatherWeights(found, std::span(weights).first(keys.size()));
    filled.table.GatherEmbeddings(keys, found, std::span(embeddings).first(keys.size() * kDim));
    for (float* row : found) filled.table.Update(0, row, 0.01F, gradient);
    done += keys.size();
  }
  state.counters["rows/s"] =
      benchmark::Counter(static_cast<double>(done), benchmark::Counter::kIsRate);
  state.counters["bytes/row"] = filled.bytes_a_row;
  state.counters["worst bytes/row"] = filled.worst_bytes_a_row;
}
BENCHMARK(PullAndPush)->Arg(1000000)->Arg(10000000)->Arg(50000000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fathom
