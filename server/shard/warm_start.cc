// Shard::WarmStart.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "common/error.h"
#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "common/model/model_text.h"
#include "common/model/row_state.h"
#include "common/run_log.h"
#include "common/settings/config_file.h"
#include "server/shard/shard.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// By table of the old model: where its rows go. Update rules may differ, and whether rows keep
// their last step does not matter: steps begin anew.
std::vector<std::optional<std::size_t>> MatchTables(const std::vector<TableSpec>& old_tables,
                                                    const std::vector<TableSpec>& tables) {
  std::vector<std::optional<std::size_t>> matches;
  for (const TableSpec& old_table : old_tables) {
    const auto match = std::find_if(tables.begin(), tables.end(), [&](const TableSpec& table) {
      return table.name == old_table.name && table.wide == old_table.wide &&
             table.dim == old_table.dim && table.precision == old_table.precision;
    });
    matches.push_back(match == tables.end() ? std::nullopt
                                            : std::optional<std::size_t>(match - tables.begin()));
  }
  return matches;
}

bool KeepsWideState(const TableSpec& from, const TableSpec& to) {
  return from.wide_rule == to.wide_rule;
}

bool KeepsDeepState(const TableSpec& from, const TableSpec& to) {
  return from.deep_rule == to.deep_rule && from.row_wise == to.row_wise;
}

// How the rule keeps its state of embeddings.
std::string DeepForm(const TableSpec& table) {
  return fmt::format("{}{}", NameOf(table.deep_rule), table.row_wise ? ", row-wise" : "");
}

// Says which state is not taken over, though it was asked for.
void SayWhatBeginsAnew(const Manifest& manifest, const ModelSpec& spec,
                       const std::vector<std::optional<std::size_t>>& matches, bool dense_fits) {
  constexpr const char* kText =
      "warm start, {}: the weights are taken over, the update rule's state begins anew: the model "
      "was trained with {}, this run trains with {}";
  for (std::size_t t = 0; t < matches.size(); ++t) {
    if (!matches[t]) continue;
    const TableSpec& from = manifest.tables[t];
    const TableSpec& to = spec.tables[*matches[t]];
    if (from.wide && !KeepsWideState(from, to))
      LogInfo(kText, "wide weights of table " + to.name, NameOf(from.wide_rule),
              NameOf(to.wide_rule));
    if (from.dim > 0 && !KeepsDeepState(from, to))
      LogInfo(kText, "embeddings of table " + to.name, DeepForm(from), DeepForm(to));
  }
  if (dense_fits && manifest.dense_rule != spec.dense_rule)
    LogInfo(kText, "dense parameters", NameOf(manifest.dense_rule), NameOf(spec.dense_rule));
}

// A weight may follow from what stands in its place by the settings of the model that it was
// trained with.
std::unique_ptr<UpdateRule> WideRuleOf(const fs::path& dir, const Manifest& manifest) {
  return MakeUpdateRule(ParseConfig(ReadTextFile(dir, manifest, "config.toml"),
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
  if (optimizer_state && first_partition_ == 0)
    SayWhatBeginsAnew(manifest, spec_, matches, dense_fits);
  const auto wide_rule = WideRuleOf(dir, manifest);
  ReadRows(dir, manifest, alive, [&](std::size_t table, Key key, std::span<const float> state) {
    if (!matches[table]) return;
    const TableSpec& spec = manifest.tables[table];
    SparseTable& rows = tables_[*matches[table]];
    const float* const from = state.data();
    float weight = 0;
    if (spec.wide) wide_rule->ReadWeights({&from, 1}, &weight);
    std::vector<float> embedding(static_cast<std::size_t>(spec.dim));
    ReadEmbedding(spec, from, embedding.data());
    SparseTable::KeptState kept;
    if (optimizer_state && KeepsWideState(spec, rows.spec()))
      kept.wide = state.first(static_cast<std::size_t>(spec.wide_floats()));
    if (optimizer_state && KeepsDeepState(spec, rows.spec()))
      kept.deep =
          state.subspan(DeepStateAt(spec), static_cast<std::size_t>(spec.deep_state_floats()));
    rows.RestoreValues(key, weight, embedding, kept);
  });
  limits_.KeepToBudget([&](int partition) {
    RowsMoved(partition);
    alive();
  });
  if (!dense_fits) return;
  const DenseState dense = ReadDense(dir, manifest, alive);
  if (optimizer_state && manifest.dense_rule == spec_.dense_rule) {
    dense_.Restore(dense);
  } else {
    dense_.RestoreValues(dense.values);
  }
}

}  // namespace fathom
