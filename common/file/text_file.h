// Small text files, whole.
#pragma once

#include <filesystem>
#include <string>

namespace fathom {

// Throws Error(kData) where it cannot be read.
std::string ReadText(const std::filesystem::path& file);

// The file takes its name when it is whole (replaced_file.h). Throws Error(kTraining) where it
// cannot be written.
void WriteText(const std::filesystem::path& file, const std::string& text);

}  // namespace fathom
