#include "worker/explain/watched_rows.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/error.h"
#include "worker/explain/named_feature.h"
#include "worker/predict/scorer.h"
#include "worker/transform/learnt_transform.h"

namespace fathom {
namespace {

// "dense=layer 1 weights", unless the model has a field of that name. Throws Error(kUsage): no such
// block.
std::optional<WatchedRow> BlockNamed(const ModelSpec& spec, std::string_view text) {
  constexpr std::string_view kBegin = "dense=";
  const auto names = FieldNames(spec);
  if (!text.starts_with(kBegin) || std::find(names.begin(), names.end(), "dense") != names.end())
    return std::nullopt;
  std::string known;
  for (const DenseBlock& block : DenseBlocks(spec)) {
    if (text.substr(kBegin.size()) == block.name)
      return WatchedRow{
          .name = "dense = " + block.name, .dense_first = block.first, .dense_count = block.count};
    known += (known.empty() ? "" : ", ") + block.name;
  }
  Fail(ExitCode::kUsage, "\"{}\": the dense parameters have no such block; there are: {}", text,
       known);
}

}  // namespace

std::vector<WatchedRow> ReadWatchedRows(const Config& config, const ModelSpec& spec,
                                        const std::string& transforms_json,
                                        const std::vector<std::string>& side_tables) {
  if (Has(config.data.format, FormatTrait::kNoText))
    Fail(ExitCode::kUsage, "train.watch: generated data have no texts to name rows by");
  const Config lines = ConfigOfLines(config);
  const InputSchema schema(lines, false, &side_tables);
  const ColumnTransforms transforms(lines.columns, TransformsFromJson(transforms_json, lines));
  FeatureReader reader(schema, spec, transforms);
  std::vector<WatchedRow> rows;
  for (const std::string& text : config.train.watch) {
    if (const auto block = BlockNamed(spec, text)) {
      rows.push_back(*block);
      continue;
    }
    const NamedFeature feature = reader.Read(text);
    const Field& field = spec.fields[feature.field];
    rows.push_back({.table = static_cast<std::uint32_t>(field.table),
                    .key = feature.key,
                    .name = field.name + " = " + feature.name});
  }
  return rows;
}

std::string WatchedRowsText(const std::vector<WatchedRow>& rows) {
  nlohmann::json all = nlohmann::json::array();
  for (const WatchedRow& row : rows)
    all.push_back({row.table, row.key, row.name, row.dense_first, row.dense_count});
  return all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<WatchedRow> WatchedRowsIn(std::string_view text) {
  std::vector<WatchedRow> rows;
  for (const auto& row : nlohmann::json::parse(text))
    rows.push_back({row[0].get<std::uint32_t>(), row[1].get<Key>(), row[2].get<std::string>(),
                    row[3].get<std::uint64_t>(), row[4].get<std::uint64_t>()});
  return rows;
}

}  // namespace fathom
