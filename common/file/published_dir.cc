#include "common/file/published_dir.h"

#include <fcntl.h>
#include <stdio.h>

#include <cerrno>
#include <cstring>

#include "common/error.h"
#include "common/file/durable_file.h"

namespace fathom {

namespace fs = std::filesystem;

void StartPartial(const fs::path& partial) {
  std::error_code refused;
  fs::remove_all(partial, refused);
  if (refused)
    Fail(ExitCode::kModel, "{}: cannot be removed: {}", partial.string(), refused.message());
  MakeFolder(partial);
}

void Publish(const fs::path& partial, const fs::path& published) {
  const bool replaces = fs::exists(published);
  const unsigned flags = replaces ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (renameat2(AT_FDCWD, partial.c_str(), AT_FDCWD, published.c_str(), flags) != 0) {
    Fail(ExitCode::kModel, "{}: cannot take the place of {}: {}", partial.string(),
         published.string(), std::strerror(errno));
  }
  SyncDir(fs::absolute(published).parent_path());
  std::error_code ignored;  // what is left behind is replaced by the next one
  if (replaces) fs::remove_all(partial, ignored);
}

}  // namespace fathom
