// How many packed forms of the data stay in a folder: another schema, or a changed input, makes
// another one, and nobody removes the old ones by hand. Thread rule: any thread, any process.
#pragma once

#include <cstddef>
#include <filesystem>

#include "common/file/published_folder.h"

namespace fathom {

// This one is in use from now on: it is the newest.
void MarkUsed(const std::filesystem::path& packed, PublishedFolder::Seal seal);

// Removes whole packed forms beside `packed`, which stays, until `keep` are left; those that were
// not used for longest go first. What is no packed form stays. A run that has one open goes on
// reading it; one that is about to open it packs it again. What cannot be removed stays until the
// next time.
void KeepMostRecentlyUsed(const std::filesystem::path& packed, PublishedFolder::Seal seal,
                          std::size_t keep);

}  // namespace fathom
