// Shard::WarmStart.
#include <algorithm>
#include <optional>

#include "common/config/config_file.h"
#include "common/error.h"
#include "common/model/model_file.h"
#include "common/model/row_state.h"
#include "common/run_log.h"
#include "server/shard/shard.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// By table of the old model: where its rows go. Whether they keep their last step does not matter:
// steps begin anew.
std::vector<std::optional<std::size_t>> MatchTables(const std::vector<TableSpec>& old_tables,
                                                    const std::vector<TableSpec>& tables) {
  std::vector<std::optional<std::size_t>> matches;
  for (const TableSpec& old_table : old_tables) {
    const auto match = std::find_if(tables.begin(), tables.end(), [&](TableSpec table) {
      table.last_step = old_table.last_step;
      return table == old_table;
    });
    matches.push_back(match == tables.end() ? std::nullopt
                                            : std::optional<std::size_t>(match - tables.begin()));
  }
  return matches;
}

// The row's state as that of a new model's table, never updated.
std::vector<float> WithoutLastStep(const TableSpec& from, const TableSpec& to,
                                   std::span<const float> state) {
  std::vector<float> own(state.begin(),
                         state.begin() + static_cast<std::ptrdiff_t>(LastStepAt(from)));
  own.resize(static_cast<std::size_t>(to.state_floats()));
  return own;
}

// A weight follows from z and n by the settings of the model that it was trained with.
Ftrl RuleOf(const fs::path& dir, const Manifest& manifest) {
  return Ftrl(ParseConfig(ReadTextFile(dir, manifest, "config.toml"),
                          (dir / "config.toml").string(), dir, {})
                  .wide);
}

}  // namespace

void Shard::WarmStart(const fs::path& dir, bool optimizer_state, const Alive& alive) {
  const Manifest manifest = ReadManifest(dir);
  const auto matches = MatchTables(manifest.tables, spec_.tables);
  const bool dense_fits = manifest.dense_floats == static_cast<std::uint64_t>(spec_.dense_floats);
  if (!dense_fits && std::count(matches.begin(), matches.end(), std::nullopt) ==
                         static_cast<std::ptrdiff_t>(matches.size())) {
    Fail(ExitCode::kModel,
         "{}: nothing of this model fits the config: its tables and its layers have other shapes",
         dir.string());
  }
  const Ftrl rule = RuleOf(dir, manifest);
  for (int p = first_partition_; p < end_partition_; ++p) {
    ReadPartition(dir, manifest, p, [&](std::size_t table, Key key, std::span<const float> state) {
      if (!matches[table]) return;
      const TableSpec& spec = manifest.tables[table];
      SparseTable& rows = tables_[*matches[table]];
      if (optimizer_state) return rows.Restore(key, WithoutLastStep(spec, rows.spec(), state));
      std::vector<float> embedding(static_cast<std::size_t>(spec.dim));
      ReadEmbedding(spec, state.data(), embedding.data());
      rows.RestoreValues(key, spec.wide ? rule.Weight(state[0], state[1]) : 0.0F, embedding);
    });
    if (cold_.on()) KeepColdWithin();
    alive();
  }
  KeepToBudget();
  if (!dense_fits) return;
  const DenseState dense = ReadDense(dir, manifest);
  if (optimizer_state) {
    dense_.Restore(dense);
  } else {
    dense_.RestoreValues(dense.values);
  }
}

}  // namespace fathom
