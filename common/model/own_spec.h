// What a model's own config amounts to, checked against the model's manifest.
#pragma once

#include <filesystem>

#include "common/model/manifest.h"
#include "common/model/model_spec.h"

namespace fathom {

// `config`: the model's own, or one that means the same. Rows are as the files hold them, whatever
// limits the config sets. Throws Error(kModel) that names `dir` where manifest and config are of
// different models.
ModelSpec MakeOwnSpec(const std::filesystem::path& dir, const Manifest& manifest,
                      const Config& config);

}  // namespace fathom
