// The settings that `fathom tune` varies, each with its range, and the points that it draws from
// them: random search (Bergstra and Bengio 2012).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/config/config.h"

namespace fathom {

using SearchPoint = std::vector<std::pair<std::string, std::string>>;  // setting and value

// Point number `index`: a pure function of its arguments. Point 0 is the config as it is. A setting
// that has no effect on this model is left out; so is one of `fixed`, keys or beginnings of keys.
SearchPoint DrawPoint(const Config& base, const std::vector<std::string>& fixed, std::uint64_t seed,
                      std::uint64_t index);

}  // namespace fathom
