// A trained model as the commands that use one see it: its manifest and what ingest learnt.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

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

// `given` as the config to score the model with (common/settings/model_settings.h). Throws
// Error(kUsage) where it differs in a setting that the model means something by: names the settings
// with both values.
Config BindToModel(const Config& given, const TrainedModel& model);

// What such a config amounts to, with rows as the model's files hold them. Throws Error(kModel)
// where the model's files are not those of its own config.
ModelSpec SpecOf(const TrainedModel& model, const Config& bound);

// What a training of this config takes over from the model and what not: lines for people.
std::vector<std::string> DescribeWarmStart(const TrainedModel& model, const Config& config,
                                           const ModelSpec& spec);

}  // namespace fathom
