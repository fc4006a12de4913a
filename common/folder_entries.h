// What is in a folder. Thread rule: any thread.
#pragma once

#include <filesystem>
#include <vector>

namespace fathom {

// Their paths, in no order; none where there is no such folder or it cannot be read. The folder may
// be changed while they are gone through.
std::vector<std::filesystem::path> EntriesOf(const std::filesystem::path& folder);

}  // namespace fathom
