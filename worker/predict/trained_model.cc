#include "worker/predict/trained_model.h"

#include "common/error.h"
#include "common/model/manifest_text.h"
#include "common/model/model_text.h"
#include "common/settings/config_file.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::string ReadModelText(const TrainedModel& model, const std::string& name) {
  if (model.bundle) return model.bundle->Text(name);
  return ReadTextFile(model.dir, model.manifest, name);
}

Config OwnConfig(const TrainedModel& model, const std::vector<std::string>& overrides) {
  // Paths of a config are relative to where it stands.
  const fs::path folder = model.bundle ? fs::absolute(model.dir).parent_path() : model.dir;
  return ParseConfig(ReadModelText(model, kConfigFile), (model.dir / kConfigFile).string(), folder,
                     overrides);
}

TrainedModel OpenModel(const fs::path& path) {
  TrainedModel model;
  std::error_code none;
  if (path.empty()) Fail(ExitCode::kUsage, "the model's path is empty: name a model's folder");
  if (fs::status(path, none).type() == fs::file_type::none)
    Fail(ExitCode::kModel, "{}: no model: {}", path.string(), none.message());
  if (fs::is_regular_file(path, none)) {
    model.dir = path;
    model.bundle = std::make_shared<const Bundle>(path);
    model.manifest = ParseManifest(model.bundle->Checked(kModelSeal.file), path);
  } else {
    model.dir = FindModel(path);
    model.manifest = ReadManifest(model.dir);
  }
  model.transforms_json = ReadModelText(model, kTransformsFile);
  model.config = OwnConfig(model, {});
  for (std::size_t j = 0; j < model.config.joins.size(); ++j)
    model.side_tables.push_back(ReadModelText(model, SideTableName(j)));
  return model;
}

}  // namespace fathom
