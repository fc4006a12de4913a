// A folder that appears under its name whole or not at all.
#pragma once

#include <filesystem>

namespace fathom {

// Makes an empty folder to write into; what a run that died left there is removed.
void StartPartial(const std::filesystem::path& partial);

// Puts the folder in the place of `published` in one atomic step; the one that stood there until
// then is removed after it. Throws Error(kModel) where the file system refuses.
void Publish(const std::filesystem::path& partial, const std::filesystem::path& published);

}  // namespace fathom
