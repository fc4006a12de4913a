#include "worker/explain/watched_rows.h"

#include <nlohmann/json.hpp>

#include "common/error.h"
#include "worker/explain/named_feature.h"
#include "worker/predict/scorer.h"
#include "worker/transform/learnt_transform.h"

namespace fathom {

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
  for (const WatchedRow& row : rows) all.push_back({row.table, row.key, row.name});
  return all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<WatchedRow> WatchedRowsIn(std::string_view text) {
  std::vector<WatchedRow> rows;
  for (const auto& row : nlohmann::json::parse(text))
    rows.push_back({row[0].get<std::uint32_t>(), row[1].get<Key>(), row[2].get<std::string>()});
  return rows;
}

}  // namespace fathom
