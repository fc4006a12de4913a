// [sweep] of a config: an experiment over lists of values of other settings (fathom sweep).
#pragma once

#include <string>

#include "common/config/config.h"
#include "common/settings/override.h"
#include "common/settings/toml_value.h"

namespace fathom {

// Reads [sweep] of the file. Each axis' values are tried on a copy of the config, whose other
// settings must be there already. Throws Error(kUsage).
void AssignSweep(const toml::table& root, const std::string& origin, Config* config);

// An override below "sweep.": sweep.repeats=3; or an axis, as
// sweep.model.embedding_dim=[4, 8], which takes the place of that of the file.
void OverrideSweep(const Override& override, const std::string& where, Config* config);

// Whether the override is one for OverrideSweep.
bool IsOfSweep(const Override& override);

}  // namespace fathom
