// A server's table of rows: memory while it grows, and requests of 4,096 random keys; with rows on
// disk (in the folder that it is run in), too.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "common/random.h"
#include "server/table/sparse_table.h"

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
  FilledTable(std::uint64_t count, const std::string& cold_limit)
      : config(MakeConfig(cold_limit)), rows(count) {
    const std::uint64_t before = ResidentBytes();
    std::vector<Key> keys(kRequestKeys);
    std::vector<float*> places(kRequestKeys);
    for (std::uint64_t first = 0; first < count; first += kRequestKeys) {
      for (std::size_t i = 0; i < kRequestKeys; ++i) keys[i] = Mix64(first + i);
      std::sort(keys.begin(), keys.end());
      table.FindOrCreate(keys, 0, places.data());
      KeepWithin();
      // From a tenth on, so that a process's fixed cost does not count as rows'.
      if (first < count / 10) continue;
      const double bytes = static_cast<double>(ResidentBytes() - before);
      worst_bytes_a_row =
          std::max(worst_bytes_a_row, bytes / static_cast<double>(first + kRequestKeys));
    }
    bytes_a_row = static_cast<double>(ResidentBytes() - before) / static_cast<double>(count);
  }

  static Config MakeConfig(const std::string& cold_limit) {
    Config config;
    if (cold_limit.empty()) return config;
    config.server.memory_limit = *ByteSize::Parse(cold_limit);
    config.server.cold_tier = ".";
    return config;
  }

  void KeepWithin() {
    if (!cold.on()) return;
    cold.SetOtherBytes(arena.memory_bytes() + table.index_bytes());
    cold.KeepWithin();
  }

  Config config;
  ColdTier cold{config, 1};
  SlabArena arena{Pages::kHuge, cold.on() ? &cold : nullptr};
  SparseTable table{
      {.name = "wide_deep16", .wide = true, .dim = kDim}, config, 0, Partitions::kFewest, &arena};
  std::uint64_t rows;
  double bytes_a_row = 0;
  double worst_bytes_a_row = 0;
};

FilledTable& TableOf(std::uint64_t rows, const std::string& cold_limit = "") {
  static std::unique_ptr<FilledTable> filled;
  if (!filled || filled->rows != rows || filled->config.server.memory_limit.text() != cold_limit) {
    filled.reset();
    filled = std::make_unique<FilledTable>(rows, cold_limit);
  }
  return *filled;
}

enum class Draw { kUniform, kZipf };

// Zipf: the row of rank r comes with a probability in proportion to 1 / r.
std::vector<Key> Request(std::uint64_t rows, std::uint64_t number, Draw draw = Draw::kUniform) {
  std::vector<Key> keys(kRequestKeys);
  for (std::size_t i = 0; i < kRequestKeys; ++i) {
    const std::uint64_t random = Mix64(number, i);
    const double rank = std::pow(static_cast<double>(rows), UnitDouble(random));
    keys[i] = Mix64(draw == Draw::kUniform ? random % rows : static_cast<std::uint64_t>(rank) - 1);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

class PullAndPush {
 public:
  explicit PullAndPush(FilledTable* filled) : filled_(*filled) {}

  void Run(benchmark::State& state, Draw draw) {
    std::uint64_t done = 0;
    for (auto _ : state) {
      state.PauseTiming();
      const std::vector<Key> keys = Request(filled_.rows, number_++, draw);
      state.ResumeTiming();
      Serve(keys);
      done += keys.size();
    }
    state.counters["rows/s"] =
        benchmark::Counter(static_cast<double>(done), benchmark::Counter::kIsRate);
    state.counters["bytes/row"] = filled_.bytes_a_row;
    state.counters["worst bytes/row"] = filled_.worst_bytes_a_row;
  }

  void Serve(const std::vector<Key>& keys) {
    const std::span<float*> found = std::span(rows_).first(keys.size());
    if (filled_.cold.on()) filled_.table.FetchAhead(keys);
    filled_.table.Find(keys, found.data());
    filled_.table.GatherWeights(found, std::span(weights_).first(keys.size()));
    filled_.table.GatherEmbeddings(SparseTable::Pull::kToTrain, keys, found,
                                   std::span(embeddings_).first(keys.size() * kDim));
    for (float* row : found) filled_.table.Update(0, row, 0.01F, gradient_);
    filled_.KeepWithin();
  }

 private:
  FilledTable& filled_;
  std::uint64_t number_ = 0;
  std::vector<float*> rows_ = std::vector<float*>(kRequestKeys);
  std::vector<float> weights_ = std::vector<float>(kRequestKeys);
  std::vector<float> embeddings_ = std::vector<float>(kRequestKeys * kDim);
  std::vector<float> gradient_ = std::vector<float>(kDim, 0.01F);
};

void InMemory(benchmark::State& state) {
  PullAndPush(&TableOf(static_cast<std::uint64_t>(state.range(0)))).Run(state, Draw::kUniform);
}
BENCHMARK(InMemory)->Arg(1000000)->Arg(10000000)->Arg(50000000)->Unit(benchmark::kMicrosecond);

// 30 million rows, of which a third fits the limit.
void RowsOnDisk(benchmark::State& state, Draw draw) {
  PullAndPush requests(&TableOf(30000000, "1GB"));
  constexpr int kWarm = 500;
  for (int i = 0; i < kWarm; ++i) requests.Serve(Request(30000000, ~std::uint64_t{0} - i, draw));
  const TableStatistics before = TableOf(30000000, "1GB").table.Statistics();
  requests.Run(state, draw);
  const TableStatistics after = TableOf(30000000, "1GB").table.Statistics();
  state.counters["hit rate"] = 1 - static_cast<double>(after.rows_read - before.rows_read) /
                                       static_cast<double>(after.rows_asked - before.rows_asked);
}
BENCHMARK_CAPTURE(RowsOnDisk, uniform, Draw::kUniform)
    ->Iterations(500)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(RowsOnDisk, zipf, Draw::kZipf)
    ->Iterations(2000)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fathom
