// A config as a TOML file that names every setting.
#pragma once

#include <string>

#include "common/config/config.h"

namespace fathom {

// All settings but [sweep]. ParseConfig of it gives the same config.
std::string DumpConfig(const Config& config);

// The same as a file: its first line says who wrote it, so that nobody is told which of all these
// settings have no effect.
inline constexpr const char* kDumpMark = "# Every setting as in force, written by fathom.\n";
std::string ConfigFileText(const Config& config);

}  // namespace fathom
