#include "worker/predict/trained_model.h"

#include "common/model/model_text.h"
#include "common/settings/config_file.h"

namespace fathom {

TrainedModel OpenModel(const std::filesystem::path& dir) {
  TrainedModel model;
  model.dir = FindModel(dir);
  model.manifest = ReadManifest(model.dir);
  model.transforms_json = ReadTextFile(model.dir, model.manifest, "transforms.json");
  const std::string config = ReadTextFile(model.dir, model.manifest, "config.toml");
  model.config = ParseConfig(config, (model.dir / "config.toml").string(), model.dir, {});
  model.side_tables = ReadSideTables(model.dir, model.manifest, model.config.joins.size());
  return model;
}

}  // namespace fathom
