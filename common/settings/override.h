// An override of the command line: key=value.
#pragma once

#include <string>

#include "common/config/config.h"
#include "common/settings/given_keys.h"

namespace fathom {

struct Override {
  std::string key;    // dotted path
  std::string value;  // TOML, or a bare string
};

// Throws Error(kUsage) that begins with `where`: it is none.
Override ParseOverride(const std::string& text, const std::string& where);

// Sets a setting, or one of a column: column.NAME.dim. The key comes to `given`. Throws
// Error(kUsage) that begins with `where`.
void ApplyOverride(const Override& override, const std::string& where, Config* config,
                   GivenKeys* given);

}  // namespace fathom
