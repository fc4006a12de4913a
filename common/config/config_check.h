// What single settings cannot say: whether they make sense together.
#pragma once

#include <string>

#include "common/config/config.h"

namespace fathom {

// Throws Error(kUsage) that begins with `origin` and says which keys contradict each other.
void CheckConfig(const Config& config, const std::string& origin);

}  // namespace fathom
