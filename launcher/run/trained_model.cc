#include "launcher/run/trained_model.h"

#include "common/error.h"
#include "common/model/model_text.h"
#include "common/settings/config_file.h"

namespace fathom {
namespace {

std::string DescribeAll(const std::vector<TableSpec>& tables) {
  std::string text;
  for (const TableSpec& table : tables) text += (text.empty() ? "" : ", ") + Describe(table);
  return text;
}

std::string Describe(const std::vector<ModelPartKind>& parts) {
  std::string text;
  for (const ModelPartKind part : parts)
    text += (text.empty() ? "" : ", ") + std::string(NameOf(part));
  return text;
}

}  // namespace

TrainedModel OpenModel(const std::filesystem::path& dir) {
  TrainedModel model;
  model.dir = FindModel(dir);
  model.manifest = ReadManifest(model.dir);
  model.transforms_json = ReadTextFile(model.dir, model.manifest, "transforms.json");
  const std::string config = ReadTextFile(model.dir, model.manifest, "config.toml");
  model.config = ParseConfig(config, (model.dir / "config.toml").string(), model.dir, {});
  return model;
}

void CheckSpec(const TrainedModel& model, const ModelSpec& spec) {
  if (model.manifest.tables != spec.tables) {
    Fail(ExitCode::kModel,
         "{}: the model has the tables {}; the config makes {}: use the config it was trained with "
         "({})",
         model.dir.string(), DescribeAll(model.manifest.tables), DescribeAll(spec.tables),
         (model.dir / "config.toml").string());
  }
  if (model.manifest.dense_floats != static_cast<std::uint64_t>(spec.dense_floats)) {
    Fail(ExitCode::kModel,
         "{}: the model has {} dense parameters, the config makes {}: model.hidden or the columns "
         "differ",
         model.dir.string(), model.manifest.dense_floats, spec.dense_floats);
  }
  if (model.manifest.dense_rule != spec.dense_rule) {
    Fail(ExitCode::kModel,
         "{}: the model was trained with dense.optimizer = \"{}\", the config says \"{}\": use the "
         "config it was trained with ({})",
         model.dir.string(), NameOf(model.manifest.dense_rule), NameOf(spec.dense_rule),
         (model.dir / "config.toml").string());
  }
  if (const auto parts = MakeModelSpec(model.config).parts; parts != spec.parts) {
    Fail(ExitCode::kModel,
         "{}: the model was trained with the parts {}; the config names {}: set model.<part> as in "
         "{}",
         model.dir.string(), Describe(parts), Describe(spec.parts),
         (model.dir / "config.toml").string());
  }
}

}  // namespace fathom
