// A trained model put to use under a config: to score with it, or to begin a training with it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/model/model_spec.h"
#include "worker/predict/scorer.h"
#include "worker/predict/trained_model.h"

namespace fathom {

// `given` as the config to score the model with (common/settings/model_settings.h). Throws
// Error(kUsage) where it differs in a setting that the model means something by: names the settings
// with both values.
Config BindToModel(const Config& given, const TrainedModel& model);

// What such a config amounts to, with rows as the model's files hold them. Throws Error(kModel)
// where the model's files are not those of its own config.
ModelSpec SpecOf(const TrainedModel& model, const Config& bound);

// Throws Error(kUsage) where the model of `path` was trained on generated data, which have no text
// form. `purpose`: "predict from".
void RefuseWithoutTexts(DataFormat format, const std::filesystem::path& path, const char* purpose);

// The model in this folder or bundle, every checksum compared, for commands that read texts.
std::unique_ptr<const Scorer> OpenForTexts(const std::filesystem::path& path, const char* purpose);

// What a training of this config takes over from the model and what not: lines for people.
std::vector<std::string> DescribeWarmStart(const TrainedModel& model, const Config& config,
                                           const ModelSpec& spec);

}  // namespace fathom
