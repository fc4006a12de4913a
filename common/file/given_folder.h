// A folder that the user names, to be written into.
#pragma once

#include <filesystem>
#include <string>

namespace fathom {

// Makes the folder and those above it, where they are not there. Throws Error(kUsage), which begins
// with `given` (what the user wrote) and ends with `remedy`, where no folder can be made there.
void MakeGivenFolder(const std::filesystem::path& dir, const std::string& given,
                     const std::string& remedy);

// The same; Error(kUsage) too where this process may not write into it.
void MakeWritableFolder(const std::filesystem::path& dir, const std::string& given,
                        const std::string& remedy);

}  // namespace fathom
