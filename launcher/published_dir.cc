#include "launcher/published_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/error.h"

namespace fathom {
namespace {

void SyncDir(const std::filesystem::path& dir) {
  const int fd = open(dir.c_str(), O_RDONLY | O_DIRECTORY);
  if (fd < 0)
    Fail(ExitCode::kModel, "{}: cannot be opened: {}", dir.string(), std::strerror(errno));
  const int result = fsync(fd);
  close(fd);
  if (result != 0)
    Fail(ExitCode::kModel, "{}: cannot be synced: {}", dir.string(), std::strerror(errno));
}

}  // namespace

void StartPartial(const std::filesystem::path& partial) {
  std::filesystem::remove_all(partial);
  std::filesystem::create_directories(partial);
}

void Publish(const std::filesystem::path& partial, const std::filesystem::path& published) {
  const bool replaces = std::filesystem::exists(published);
  const unsigned flags = replaces ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (renameat2(AT_FDCWD, partial.c_str(), AT_FDCWD, published.c_str(), flags) != 0) {
    Fail(ExitCode::kModel, "{}: cannot take the place of {}: {}", partial.string(),
         published.string(), std::strerror(errno));
  }
  SyncDir(std::filesystem::absolute(published).parent_path());
  if (replaces) std::filesystem::remove_all(partial);
}

}  // namespace fathom
