// The folder that a run writes into.
#pragma once

#include <filesystem>

namespace fathom {

// Makes output.dir and those above it, where they are not there. Throws Error(kUsage) that names
// the setting where no folder can be made there.
void MakeOutputDir(const std::filesystem::path& dir);

}  // namespace fathom
