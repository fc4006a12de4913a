#include "common/model/model_compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "common/model/admission_file.h"
#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "common/model/partition_file.h"
#include "common/model/row_state.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

struct TableRows {
  std::vector<Key> keys;
  std::vector<float> states;
};

// The rows of one partition of `cut`, by table. The model has as many partitions or more.
std::vector<TableRows> Load(const fs::path& dir, const Manifest& manifest, Partitions cut,
                            int partition) {
  std::vector<TableRows> tables(manifest.tables.size());
  const auto add = [&](std::size_t table, Key key, std::span<const float> state) {
    tables[table].keys.push_back(key);
    tables[table].states.insert(tables[table].states.end(), state.begin(), state.end());
  };
  const PartitionRange files = manifest.partitions.Covering({partition, partition + 1}, cut);
  for (int p = files.first; p < files.end; ++p) ReadPartition(dir, manifest, p, add);
  return tables;
}

std::string Value(float value) {
  return fmt::format("{:.9g} (bits {:08x})", value, std::bit_cast<std::uint32_t>(value));
}

bool SameBits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

// What the i-th float of a row's state is called.
std::string StateName(const TableSpec& table, int i) {
  if (i < table.wide_floats()) {
    const RuleTraits& rule = TraitsOf(table.wide_rule);
    return std::string(i == 0 ? rule.weight : rule.state[i - 1]);
  }
  const int deep = i - table.wide_floats();
  if (deep < table.dim) return fmt::format("embedding[{}]", deep);
  const int of_state = deep - table.dim;
  if (of_state >= table.deep_state_floats()) return "last_step";
  const int floats = table.row_wise ? 1 : table.dim;  // of one number of the rule's state
  return fmt::format("{}[{}]", TraitsOf(table.deep_rule).state[of_state / floats],
                     of_state % floats);
}

std::string CompareHeads(const Manifest& a, const Manifest& b) {
  if (a.step != b.step) return fmt::format("step: {} against {}", a.step, b.step);
  if (a.seed != b.seed) return fmt::format("seed: {} against {}", a.seed, b.seed);
  if (a.dense_floats != b.dense_floats)
    return fmt::format("dense parameters: {} against {}", a.dense_floats, b.dense_floats);
  if (a.dense_rule != b.dense_rule)
    return fmt::format("dense.optimizer: {} against {}", NameOf(a.dense_rule),
                       NameOf(b.dense_rule));
  if (a.tables.size() != b.tables.size())
    return fmt::format("tables: {} against {}", a.tables.size(), b.tables.size());
  for (std::size_t t = 0; t < a.tables.size(); ++t) {
    if (a.tables[t] == b.tables[t]) continue;
    return fmt::format("table {}: {} against {}", t, Describe(a.tables[t]), Describe(b.tables[t]));
  }
  return "";
}

std::string CompareDense(std::span<const float> a, std::span<const float> b,
                         std::string_view what) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!SameBits(a[i], b[i]))
      return fmt::format("dense {} {}: {} against {}", what, i, Value(a[i]), Value(b[i]));
  }
  return "";
}

// The parameters, then each number that their rule keeps beside them.
std::string CompareDense(const DenseState& a, const DenseState& b, const RuleTraits& rule) {
  std::string difference = CompareDense(a.values, b.values, "parameter");
  const std::size_t floats = a.values.size();
  for (int k = 0; k < rule.states() && difference.empty(); ++k) {
    const std::size_t at = static_cast<std::size_t>(k) * floats;
    difference = CompareDense(std::span(a.state).subspan(at, floats),
                              std::span(b.state).subspan(at, floats), rule.state[k]);
  }
  return difference;
}

// The weight, the embedding's elements, the rules' state, the last step: whatever form they are
// kept in.
std::vector<float> Values(const TableSpec& table, const float* state) {
  std::vector<float> values(EmbeddingAt(table) + static_cast<std::size_t>(table.dim));
  std::copy_n(state, EmbeddingAt(table), values.begin());
  ReadEmbedding(table, state, values.data() + EmbeddingAt(table));
  values.insert(values.end(), state + DeepStateAt(table), state + table.state_floats());
  return values;
}

std::string CompareStates(const TableSpec& table, const float* a, const float* b) {
  const auto x = Values(table, a), y = Values(table, b);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (SameBits(x[i], y[i])) continue;
    const std::string name = StateName(table, static_cast<int>(i));
    if (name == "last_step")
      return fmt::format("{}: {} against {}", name, LastStepOf(table, a), LastStepOf(table, b));
    return fmt::format("{}: {} against {}", name, Value(x[i]), Value(y[i]));
  }
  return "padding that is not 0";
}

// The counters of a partition's admission filter, where both checkpoints have them: a model that is
// done has none.
std::string CompareCounters(const fs::path& dir_a, const Manifest& a, const fs::path& dir_b,
                            const Manifest& b, int partition) {
  if (!HasAdmissionFile(a, partition) || !HasAdmissionFile(b, partition)) return "";
  if (a.partitions != b.partitions)
    return fmt::format("admission filter: counters of {} partitions against {}",
                       a.partitions.count(), b.partitions.count());
  const Buffer counters_a = ReadAdmissionFile(dir_a, a, partition);
  const Buffer counters_b = ReadAdmissionFile(dir_b, b, partition);
  const auto x = counters_a.bytes(), y = counters_b.bytes();
  if (x.size() != y.size())
    return fmt::format("admission filter, partition {}: {} bytes against {}", partition, x.size(),
                       y.size());
  const auto differ = std::mismatch(x.begin(), x.end(), y.begin());
  if (differ.first == x.end()) return "";
  return fmt::format("admission filter, partition {}, byte {}: {:02x} against {:02x}", partition,
                     differ.first - x.begin(), static_cast<unsigned>(*differ.first),
                     static_cast<unsigned>(*differ.second));
}

std::string CompareRows(const TableRows& a, const TableRows& b, const TableSpec& table) {
  const auto floats = static_cast<std::size_t>(table.state_floats());
  for (std::size_t r = 0; r < std::max(a.keys.size(), b.keys.size()); ++r) {
    const bool in_a = r < a.keys.size() && (r >= b.keys.size() || a.keys[r] <= b.keys[r]);
    const bool in_b = r < b.keys.size() && (r >= a.keys.size() || b.keys[r] <= a.keys[r]);
    if (!in_b)
      return fmt::format("table {}, key {:016x}: only in the first", table.name, a.keys[r]);
    if (!in_a)
      return fmt::format("table {}, key {:016x}: only in the second", table.name, b.keys[r]);
    for (std::size_t i = 0; i < floats; ++i) {
      const float x = a.states[r * floats + i];
      const float y = b.states[r * floats + i];
      if (SameBits(x, y)) continue;
      return fmt::format("table {}, key {:016x}, {}", table.name, a.keys[r],
                         CompareStates(table, &a.states[r * floats], &b.states[r * floats]));
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
  difference = CompareDense(dense_a, dense_b, TraitsOf(a.dense_rule));
  if (!difference.empty()) return difference;
  // A file holds one partition of every table, but the difference asked for is the first in order
  // of table: once it is known for one table, only the tables before that one matter.
  std::size_t tables = a.tables.size();
  const Partitions coarser(std::min(a.partitions.count(), b.partitions.count()));
  for (int partition = 0; partition < coarser.count() && tables > 0; ++partition) {
    const auto rows_a = Load(dir_a, a, coarser, partition);
    const auto rows_b = Load(dir_b, b, coarser, partition);
    for (std::size_t t = 0; t < tables; ++t) {
      const std::string found = CompareRows(rows_a[t], rows_b[t], a.tables[t]);
      if (found.empty()) continue;
      difference = found;
      tables = t;
    }
  }
  for (int partition = 0; partition < coarser.count() && difference.empty(); ++partition)
    difference = CompareCounters(dir_a, a, dir_b, b, partition);
  return difference;
}

}  // namespace fathom
