// A setting by its key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/settings/settings.h"

namespace fathom {

// `section` is that of the key, as "[[column]]", or empty. Throws Error(kUsage) that begins with
// `where` and names the nearest known key.
const Setting& FindSetting(const std::vector<Setting>& settings, std::string_view key,
                           const std::string& where, const std::string& section);

}  // namespace fathom
