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

struct TrainedModel {
  std::filesystem::path dir;  // or the bundle's file
  Manifest manifest;
  std::string transforms_json;
  std::vector<std::string> side_tables;  // texts, by join
  Config config;                         // its own
  std::shared_ptr<const Bundle> bundle;  // null: it was opened from a folder

  ModelInputs inputs() const { return {transforms_json, &side_tables}; }
};

// Accepts the folder `model/`, the output folder above it, or a bundle. Throws Error(kModel).
TrainedModel OpenModel(const std::filesystem::path& path);

// A text of the model, as config.toml. Throws Error(kModel).
std::string ReadModelText(const TrainedModel& model, const std::string& name);

}  // namespace fathom
