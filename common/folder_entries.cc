#include "common/folder_entries.h"

#include <system_error>

namespace fathom {

std::vector<std::filesystem::path> EntriesOf(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> entries;
  std::error_code none;
  std::filesystem::directory_iterator it(folder, none);
  for (const std::filesystem::directory_iterator end; !none && it != end; it.increment(none))
    entries.push_back(it->path());
  return entries;
}

}  // namespace fathom
