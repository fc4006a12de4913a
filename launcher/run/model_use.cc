#include "launcher/run/model_use.h"

#include "common/error.h"
#include "common/model/own_spec.h"
#include "common/model/warm_mapping.h"
#include "common/run/model_identity.h"
#include "common/settings/config_difference.h"
#include "common/settings/model_settings.h"
#include "worker/transform/learnt_transform.h"
#include "worker/transform/transform.h"

namespace fathom {

Config BindToModel(const Config& given, const TrainedModel& model) {
  const auto differences = DifferencesInMeaning(given, model.config, ModelUse::kScore);
  if (!differences.empty()) {
    Fail(ExitCode::kUsage,
         "{}: the model was trained with other settings: {}; use them as they stand in {}",
         model.dir.string(), DescribeDifferences(differences, "the model"),
         (model.dir / kConfigFile).string());
  }
  return ScoringConfig(given, model.config);
}

std::vector<std::string> DescribeWarmStart(const TrainedModel& model, const Config& config,
                                           const ModelSpec& spec) {
  const WarmMapping map = MapByName(MakeOwnSpec(model.dir, model.manifest, model.config), spec);
  std::vector<std::string> lines;
  std::string taken;
  for (const std::string& name : map.taken) taken += (taken.empty() ? "" : ", ") + name;
  lines.push_back("taken over: the bias" + (taken.empty() ? "" : ", " + taken));
  for (std::size_t t = 0; t < map.tables.size(); ++t) {
    lines.push_back(fmt::format("table {}: {}", model.manifest.tables[t].name,
                                map.tables[t] ? fmt::format("{} rows", model.manifest.Rows(t))
                                              : std::string("its rows are not taken over")));
  }
  for (const std::string& reason : map.not_taken) lines.push_back("not taken over: " + reason);
  std::string grown, others;
  const LearntTransforms earlier = AnyTransformsFromJson(model.transforms_json);
  for (const ColumnConfig& column : config.columns) {
    if (earlier.count(column.name) == 0 || !LearnsFromData(column)) continue;
    std::string& list = column.transform == TransformKind::kVocabulary ? grown : others;
    list += (list.empty() ? "" : ", ") + column.name;
  }
  if (!grown.empty())
    lines.push_back("vocabularies hold the model's values and the new ones: " + grown);
  if (!others.empty()) {
    const bool keep = config.warm_start.statistics == WarmStatistics::kKeep;
    lines.push_back((keep ? "statistics stay those of the model: "
                          : "statistics are learnt anew, the first layer stays as it was: ") +
                    others);
  }
  return lines;
}

void RefuseWithoutTexts(DataFormat format, const std::filesystem::path& path, const char* purpose) {
  if (!Has(format, FormatTrait::kNoText)) return;
  Fail(ExitCode::kUsage,
       "{}: the model was trained on generated data, which have no text form to {}", path.string(),
       purpose);
}

std::unique_ptr<const Scorer> OpenForTexts(const std::filesystem::path& path, const char* purpose) {
  std::unique_ptr<const Scorer> scorer;
  ReadOneModel({path}, [&] { scorer = Scorer::Open(path, true); });
  RefuseWithoutTexts(scorer->config().data.format, path, purpose);
  return scorer;
}

ModelSpec SpecOf(const TrainedModel& model, const Config& bound) {
  return MakeOwnSpec(model.dir, model.manifest, bound);
}

}  // namespace fathom
