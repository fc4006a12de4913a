// Shard::WarmStart.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "common/error.h"
#include "common/log_line.h"
#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "common/model/row_state.h"
#include "common/model/warm_mapping.h"
#include "server/shard/shard.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

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
void SayWhatBeginsAnew(const ModelSpec& from, const ModelSpec& to, const WarmMapping& map) {
  constexpr const char* kText =
      "warm start, {}: the weights are taken over, the update rule's state begins anew: the model "
      "was trained with {}, this run trains with {}";
  for (std::size_t t = 0; t < map.tables.size(); ++t) {
    if (!map.tables[t]) continue;
    const TableSpec& then = from.tables[t];
    const TableSpec& now = to.tables[*map.tables[t]];
    if (then.wide && !KeepsWideState(then, now))
      LogInfo(kText, "wide weights of table " + now.name, NameOf(then.wide_rule),
              NameOf(now.wide_rule));
    if (then.dim > 0 && !KeepsDeepState(then, now))
      LogInfo(kText, "embeddings of table " + now.name, DeepForm(then), DeepForm(now));
  }
  if (from.dense_rule != to.dense_rule)
    LogInfo(kText, "dense parameters", NameOf(from.dense_rule), NameOf(to.dense_rule));
}

// `from`: [model's floats], `to`: [this run's].
void CopyRuns(const WarmMapping& map, std::span<const float> from, std::span<float> to) {
  for (const WarmMapping::Run& run : map.dense)
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(run.from), run.count,
                to.begin() + static_cast<std::ptrdiff_t>(run.to));
}

}  // namespace

void Shard::WarmStart(const fs::path& dir, const WarmSource& source, bool optimizer_state,
                      const Alive& alive) {
  const Manifest manifest = ReadManifest(dir);
  const ModelSpec& from = source.spec;
  const WarmMapping map = MapByName(from, spec_);
  if (map.taken.empty()) {
    Fail(ExitCode::kModel,
         "{}: nothing of this model fits the config: its columns and its layers have other shapes",
         dir.string());
  }
  if (optimizer_state && first_partition_ == 0) SayWhatBeginsAnew(from, spec_, map);
  const auto wide_rule = MakeUpdateRule(source.wide);
  std::uint64_t lost_weights = 0;
  ReadRows(dir, manifest, alive, [&](std::size_t table, Key key, std::span<const float> state) {
    if (!map.tables[table]) return;
    const TableSpec& spec = from.tables[table];
    SparseTable& rows = tables_[*map.tables[table]];
    const float* const row = state.data();
    float weight = 0;
    if (spec.wide) wide_rule->ReadWeights({&row, 1}, &weight);
    std::vector<float> embedding(static_cast<std::size_t>(spec.dim));
    ReadEmbedding(spec, row, embedding.data());
    SparseTable::KeptState kept;
    if (optimizer_state && KeepsWideState(spec, rows.spec()))
      kept.wide = state.first(static_cast<std::size_t>(spec.wide_floats()));
    if (optimizer_state && KeepsDeepState(spec, rows.spec()))
      kept.deep =
          state.subspan(DeepStateAt(spec), static_cast<std::size_t>(spec.deep_state_floats()));
    if (!rows.RestoreValues(key, weight, embedding, kept)) ++lost_weights;
  });
  if (lost_weights > 0) {
    LogWarning(
        "warm start: {} wide weights begin with 0: with these wide.alpha, beta, l1 and l2 no state "
        "gives them; raise wide.beta or wide.l2",
        lost_weights);
  }
  limits_.KeepToBudget([&](int partition) {
    RowsMoved(partition);
    alive();
  });
  WarmStartDense(map, ReadDense(dir, manifest, alive),
                 optimizer_state && from.dense_rule == spec_.dense_rule);
}

void Shard::WarmStartDense(const WarmMapping& map, const DenseState& then, bool with_state) {
  DenseState now = dense_.Initial();
  CopyRuns(map, then.values, now.values);
  for (const WarmMapping::Run& run : map.zeros)
    std::fill_n(now.values.begin() + static_cast<std::ptrdiff_t>(run.to), run.count, 0.0F);
  const std::size_t floats = now.values.size();
  for (std::size_t k = 0; with_state && k * floats < now.state.size(); ++k) {
    CopyRuns(map, std::span(then.state).subspan(k * then.values.size(), then.values.size()),
             std::span(now.state).subspan(k * floats, floats));
  }
  dense_.Restore(now);
}

}  // namespace fathom
