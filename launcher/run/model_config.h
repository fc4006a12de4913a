// The config as a model or a checkpoint keeps it.
#pragma once

#include <filesystem>
#include <string>

#include "common/config/config.h"
#include "common/model/manifest.h"

namespace fathom {

// What of the config belongs to the model, as TOML: not where it is trained, nor on how many
// processes, nor how often it is saved.
std::string ModelConfigText(const Config& config);

// Throws Error(kUsage) where a run that goes on from a checkpoint changes settings that it must
// keep; names them with both values. train.patience, evaluate.every_steps, evaluate.on and data.dir
// may change, train.epochs unless the learning rates fall towards the last step, server.partitions
// unless admission_count or memory_limit go by partitions, and evaluate.best to none, or while
// nothing has been judged by it.
void CheckSameConfig(const Config& config, const std::filesystem::path& checkpoint,
                     const Manifest& manifest);

}  // namespace fathom
