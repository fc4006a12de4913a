#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "common/model_file.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

struct PartitionRows {
  struct Row {
    std::size_t table;
    Key key;
    std::size_t state;  // into floats
  };
  std::vector<Row> rows;
  std::vector<float> floats;
};

PartitionRows Load(const fs::path& dir, const Manifest& manifest, int partition) {
  PartitionRows loaded;
  ReadPartition(dir, manifest, partition, [&](std::size_t table, Key key, std::span<const float> state) {
    loaded.rows.push_back({table, key, loaded.floats.size()});
    loaded.floats.insert(loaded.floats.end(), state.begin(), state.end());
  });
  return loaded;
}

std::string Value(float value) { return fmt::format("{:.9g} (bits {:08x})", value, std::bit_cast<std::uint32_t>(value)); }

bool SameBits(float a, float b) { return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b); }

// What the i-th float of a row's state is called.
std::string StateName(const TableSpec& table, int i) {
  if (table.wide && i < 2) return i == 0 ? "z" : "n";
  const int deep = i - (table.wide ? 2 : 0);
  if (deep < table.dim) return fmt::format("embedding[{}]", deep);
  return fmt::format("accumulator[{}]", deep - table.dim);
}

std::string CompareHeads(const Manifest& a, const Manifest& b) {
  if (a.step != b.step) return fmt::format("step: {} against {}", a.step, b.step);
  if (a.seed != b.seed) return fmt::format("seed: {} against {}", a.seed, b.seed);
  if (a.dense_floats != b.dense_floats) return fmt::format("dense parameters: {} against {}", a.dense_floats, b.dense_floats);
  if (a.tables.size() != b.tables.size()) return fmt::format("tables: {} against {}", a.tables.size(), b.tables.size());
  for (std::size_t t = 0; t < a.tables.size(); ++t) {
    if (a.tables[t] == b.tables[t]) continue;
    return fmt::format("table {}: {} ({} B a row) against {} ({} B a row)", t, a.tables[t].name, a.tables[t].row_bytes(), b.tables[t].name, b.tables[t].row_bytes());
  }
  return "";
}

std::string CompareDense(const std::vector<float>& a, const std::vector<float>& b, const char* what) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!SameBits(a[i], b[i])) return fmt::format("dense {} {}: {} against {}", what, i, Value(a[i]), Value(b[i]));
  }
  return "";
}

std::string CompareRows(const PartitionRows& a, const PartitionRows& b, const std::vector<TableSpec>& tables) {
  for (std::size_t r = 0; r < std::max(a.rows.size(), b.rows.size()); ++r) {
    const auto* row_a = r < a.rows.size() ? &a.rows[r] : nullptr;
    const auto* row_b = r < b.rows.size() ? &b.rows[r] : nullptr;
    const auto before = [](const PartitionRows::Row& x, const PartitionRows::Row& y) { return x.table != y.table ? x.table < y.table : x.key < y.key; };
    if (row_b == nullptr || (row_a != nullptr && before(*row_a, *row_b))) return fmt::format("table {}, key {:016x}: only in the first", tables[row_a->table].name, row_a->key);
    if (row_a == nullptr || before(*row_b, *row_a)) return fmt::format("table {}, key {:016x}: only in the second", tables[row_b->table].name, row_b->key);
    const TableSpec& table = tables[row_a->table];
    for (int i = 0; i < table.state_floats(); ++i) {
      const float x = a.floats[row_a->state + static_cast<std::size_t>(i)];
      const float y = b.floats[row_b->state + static_cast<std::size_t>(i)];
      if (!SameBits(x, y)) return fmt::format("table {}, key {:016x}, {}: {} against {}", table.name, row_a->key, StateName(table, i), Value(x), Value(y));
    }
  }
  return "";
}

}  // namespace

std::string CompareModels(const fs::path& dir_a, const fs::path& dir_b) {
  const Manifest a = ReadManifest(dir_a);
  const Manifest b = ReadManifest(dir_b);
  std::string difference = CompareHeads(a, b);
  if (!difference.empty()) return difference;
  const DenseState dense_a = ReadDense(dir_a, a);
  const DenseState dense_b = ReadDense(dir_b, b);
  difference = CompareDense(dense_a.values, dense_b.values, "parameter");
  if (difference.empty()) difference = CompareDense(dense_a.accumulators, dense_b.accumulators, "accumulator");
  for (int partition = 0; partition < kPartitions && difference.empty(); ++partition) {
    difference = CompareRows(Load(dir_a, a, partition), Load(dir_b, b, partition), a.tables);
  }
  return difference;
}

}  // namespace fathom
