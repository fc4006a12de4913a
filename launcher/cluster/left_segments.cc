#include "launcher/cluster/left_segments.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "common/folder_entries.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// A lease to write is given only where nobody else has the file open or mapped. Whoever opens it
// now waits until the lease is given back.
bool RemoveIfUnused(const fs::path& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return false;
  struct stat status {};
  const bool ours =
      fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid();
  const bool removed = ours && fcntl(fd, F_SETLEASE, F_WRLCK) == 0 && unlink(file.c_str()) == 0;
  close(fd);
  return removed;
}

}  // namespace

int RemoveLeftSegments(const fs::path& dir) {
  int removed = 0;
  for (const fs::path& file : EntriesOf(dir)) {
    if (file.filename().string().starts_with("vader_segment."))
      removed += RemoveIfUnused(file) ? 1 : 0;
  }
  return removed;
}

}  // namespace fathom
