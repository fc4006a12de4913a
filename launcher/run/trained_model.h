// A trained model as the commands that use one see it: its manifest and what ingest learnt.
#pragma once

#include <filesystem>
#include <string>

#include "common/config/config.h"
#include "common/model/manifest.h"
#include "common/model/model_spec.h"

namespace fathom {

struct TrainedModel {
  std::filesystem::path dir;
  Manifest manifest;
  std::string transforms_json;
  Config config;  // its own
};

// Accepts the folder `model/` or the output folder above it. Throws Error(kModel).
TrainedModel OpenModel(const std::filesystem::path& dir);

// Throws Error(kModel) where the config makes other tables, another dense part or other parts
// than the model's: says which differ.
void CheckSpec(const TrainedModel& model, const ModelSpec& spec);

}  // namespace fathom
