#include "worker/ingest/packed_limit.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/folder_entries.h"
#include "common/log_line.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// As worker/ingest/fingerprint.h makes them.
bool IsFingerprint(const std::string& name) {
  return name.size() == 16 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

void MarkUsed(const fs::path& packed, PublishedFolder::Seal seal) {
  std::error_code none;
  fs::last_write_time(packed / seal.file, fs::file_time_type::clock::now(), none);
}

void KeepMostRecentlyUsed(const fs::path& packed, PublishedFolder::Seal seal, std::size_t keep) {
  std::vector<std::pair<fs::file_time_type, fs::path>> others;
  for (const fs::path& entry : EntriesOf(packed.parent_path())) {
    if (entry.filename() == packed.filename() || !IsFingerprint(entry.filename().string()))
      continue;
    std::error_code none;
    const auto used = fs::last_write_time(entry / seal.file, none);
    if (!none && PublishedFolder(entry, seal).IsWhole()) others.emplace_back(used, entry);
  }
  std::sort(others.begin(), others.end());
  for (std::size_t i = 0; i + keep <= others.size(); ++i) {
    try {
      PublishedFolder(others[i].second, seal).Remove();
      LogInfo("packed data that were not used for longest are removed (data.packed_keep = {}): {}",
              keep, others[i].second.string());
    } catch (const Error& error) {
      LogWarning("packed data stay: {}", error.what());
    }
  }
}

}  // namespace fathom
