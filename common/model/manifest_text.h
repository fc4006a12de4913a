// The manifest's text, wherever it stands: a model's folder has it as a file, a bundle holds it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "common/model/manifest.h"

namespace fathom {

// Throws Error(kModel) that names `file` where the text is damaged.
Manifest ParseManifest(std::span<const std::byte> text, const std::filesystem::path& file);

}  // namespace fathom
