// A trained model as whoever uses one sees it: its manifest, its own config, and all that its
// inputs are read by. Nothing of the machine that trained it is needed.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/model/manifest.h"
#include "worker/feature/model_inputs.h"
#include "worker/predict/bundle.h"

namespace fathom {

// Which joined tables examples are looked up in: those that the model keeps, or the files that
// data.dir has now.
enum class JoinsFrom { kModel, kData };

struct TrainedModel {
  std::filesystem::path dir;  // or the bundle's file
  Manifest manifest;
  std::string transforms_json;
  std::vector<std::string> side_tables;  // texts, by join
  Config config;                         // its own
  std::shared_ptr<const Bundle> bundle;  // null: it was opened from a folder

  ModelInputs inputs(JoinsFrom joins = JoinsFrom::kModel) const {
    return {transforms_json, joins == JoinsFrom::kModel ? &side_tables : nullptr};
  }
};

// Accepts the folder `model/`, the output folder above it, or a bundle. Throws Error(kModel).
TrainedModel OpenModel(const std::filesystem::path& path);

// The model's own config with overrides. Throws Error(kUsage) too, where these are no good.
Config OwnConfig(const TrainedModel& model, const std::vector<std::string>& overrides);

// A text of the model, as config.toml. Throws Error(kModel).
std::string ReadModelText(const TrainedModel& model, const std::string& name);

}  // namespace fathom
