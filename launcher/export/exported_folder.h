// A folder that an export writes beside, and publishes when it is whole.
#pragma once

#include <filesystem>

#include "common/file/published_folder.h"
#include "common/file/replaced_file.h"

namespace fathom {

// Calls write(folder) with the folder to write into. What it has written goes where it throws.
template <typename Write>
void PublishExport(const std::filesystem::path& out, PublishedFolder::Seal seal,
                   const Write& write) {
  const std::filesystem::path path = PublishedFolder(out, seal).path();
  const PublishedFolder folder(path, seal, OwnPartialOf(path).filename().string());
  folder.Start();
  try {
    write(folder.partial());
  } catch (...) {
    folder.Discard();
    throw;
  }
  folder.Publish();
}

}  // namespace fathom
