// Small text files, whole.
#pragma once

#include <filesystem>
#include <string>

namespace fathom {

// Of a plain file. Throws Error(kData) where it cannot be read.
std::string ReadText(const std::filesystem::path& file);

}  // namespace fathom
