// The folder that a synthetic log is written into. Its truth.json is written last: where it stands,
// the log beside it is whole.
#pragma once

#include <filesystem>

namespace fathom {

// Makes the folder where there is none and takes an older log's truth.json away. Throws
// Error(kData).
void StartGeneratedDir(const std::filesystem::path& dir);

}  // namespace fathom
