#include "common/file/scratch_folder.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "common/error.h"
#include "common/folder_entries.h"
#include "common/log_line.h"
#include "common/process/process_mark.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

std::string PrefixOf(const std::string& purpose) { return "fathom-" + purpose + "."; }

}  // namespace

ScratchFolder::ScratchFolder(const fs::path& parent, const std::string& purpose)
    : path_(parent / (PrefixOf(purpose) + ProcessMark::OfThisProcess().Name())) {
  std::error_code refused;
  fs::create_directories(parent, refused);
  RemoveLeftOvers(parent, PrefixOf(purpose));
  if (mkdir(path_.c_str(), 0700) != 0) {
    Fail(ExitCode::kUsage, "{}: cannot be made: {}: check the folder and its rights",
         path_.string(), std::strerror(errno));
  }
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TemporaryFolder() {
  std::error_code none;
  const fs::path folder = fs::temp_directory_path(none);
  if (!none) return folder;
  LogWarning("TMPDIR is no folder ({}): /tmp is used", none.message());
  return "/tmp";
}

void RemoveLeftOvers(const fs::path& parent, const std::string& infix) {
  for (const fs::path& entry : EntriesOf(parent)) {
    const std::string name = entry.filename().string();
    const std::size_t at = name.find(infix);
    if (at == std::string::npos) continue;
    const auto mark = ProcessMark::FromName(std::string_view(name).substr(at + infix.size()));
    std::error_code ignored;
    if (mark && StateOf(*mark) == ProcessState::kDead) fs::remove_all(entry, ignored);
  }
}

}  // namespace fathom
