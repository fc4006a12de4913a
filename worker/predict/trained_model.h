// A trained model as whoever uses one sees it: its manifest, its own config, and all that its
// inputs are read by. Nothing of the machine that trained it is needed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/model/manifest.h"
#include "worker/feature/model_inputs.h"

namespace fathom {

// Which joined tables examples are looked up in: those that the model keeps, or the files that
// data.dir has now.
enum class JoinsFrom { kModel, kData };

struct TrainedModel {
  std::filesystem::path dir;
  Manifest manifest;
  std::string transforms_json;
  std::vector<std::string> side_tables;  // texts, by join
  Config config;                         // its own

  ModelInputs inputs(JoinsFrom joins = JoinsFrom::kModel) const {
    return {transforms_json, joins == JoinsFrom::kModel ? &side_tables : nullptr};
  }
};

// Accepts the folder `model/` or the output folder above it. Throws Error(kModel).
TrainedModel OpenModel(const std::filesystem::path& dir);

}  // namespace fathom
