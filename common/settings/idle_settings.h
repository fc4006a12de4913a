// Settings that a person wrote and that do nothing where they stand: one table of rules, "KEY has
// no effect, because".
//
// Thread rule: any thread.
#pragma once

#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/settings/given_keys.h"

namespace fathom {

// Where a config is run.
struct Placement {
  int processes = 1;
  int hosts = 1;
};

// A sentence for each such setting that a config may have because it is shared between ways to run;
// each begins with `origin`. Throws Error(kUsage) where it can only be a mistake.
std::vector<std::string> IdleSettings(const Config& config, const GivenKeys& given,
                                      const Placement& placement, const std::string& origin);

}  // namespace fathom
