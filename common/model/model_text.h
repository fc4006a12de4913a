// The small text files of a model: config.toml, transforms.json (manifest.h).
#pragma once

#include <filesystem>
#include <string>

#include "common/model/manifest.h"

namespace fathom {

// Writes it durably and returns its entry.
ModelFileEntry WriteTextFile(const std::filesystem::path& dir, const std::string& name,
                             const std::string& text);
std::string ReadTextFile(const std::filesystem::path& dir, const Manifest& manifest,
                         const std::string& name);

}  // namespace fathom
