// What packed data depend on, as one number: the columns, how the text is read, and the inputs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/config/config.h"

namespace fathom {

// 16 hexadecimal digits. A file counts by path, size and time of last change. Settings that do not
// change a packed byte (dimensions, pooling, learning rates) do not count, so that experiments
// with them share one set of packed data.
// `earlier_transforms`: of the model that training begins with, as JSON; empty: none.
std::string Fingerprint(const Config& config, const std::vector<std::filesystem::path>& files,
                        const std::string& earlier_transforms);

}  // namespace fathom
