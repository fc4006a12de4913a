// Separated text into fields: a thousand records of a click log's shape, a label, 13 counts and
// 26 categories.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/random.h"
#include "worker/text/csv.h"

namespace fathom {
namespace {

constexpr std::uint64_t kRecords = 1000;
constexpr std::uint64_t kCounts = 13;
constexpr std::uint64_t kCategories = 26;

std::string Category(std::uint64_t random, bool quoted) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (int digit = 0; digit < 8; ++digit) text.push_back(kDigits[random >> (4 * digit) & 15]);
  return quoted ? '"' + text.substr(0, 4) + "\"\"" + text.substr(4) + '"' : text;
}

// Every eighth category of quoted text stands in quotes and holds one.
std::string Text(char separator, bool quoted) {
  std::string text;
  for (std::uint64_t r = 0; r < kRecords; ++r) {
    text += std::to_string(Mix64(r) % 2);
    for (std::uint64_t c = 0; c < kCounts; ++c)
      text += separator + std::to_string(Mix64(r, c) % 1000);
    for (std::uint64_t c = 0; c < kCategories; ++c)
      text += separator + Category(Mix64(r, kCounts + c), quoted && c % 8 == 0);
    text.push_back('\n');
  }
  return text;
}

void Split(benchmark::State& state, char separator, bool quoted) {
  const std::string text = Text(separator, quoted);
  std::vector<std::string_view> fields;
  std::string unescaped;
  for (auto _ : state) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = CsvRecordEnd(text, begin, separator, true);
      const auto record = std::string_view(text).substr(begin, end - begin);
      if (!SplitCsv(record, separator, false, &fields, &unescaped).empty() ||
          fields.size() != 1 + kCounts + kCategories) {
        state.SkipWithError("a record was not split into its fields");
        return;
      }
      benchmark::DoNotOptimize(fields.data());
      begin = end;
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRecords));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK_CAPTURE(Split, commas, ',', false)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Split, commas_and_quotes, ',', true)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Split, tabs, '\t', false)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fathom
