#include "common/file/disk_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/file/descriptor.h"

namespace fathom {

// What has the name goes first: it may be a link, whose other name keeps the content.
DiskFile::DiskFile(const std::filesystem::path& file) : file_(file) {
  if (unlink(file.c_str()) != 0 && errno != ENOENT) FailErrno(file_, "cannot be replaced");
  fd_ = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd_ < 0) FailErrno(file_, "cannot be created");
}

DiskFile::~DiskFile() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(file_.c_str());
}

void DiskFile::Append(std::span<const std::byte> block) {
  for (std::size_t at = 0; at < block.size();) {
    const ssize_t written = write(fd_, block.data() + at, block.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) FailErrno(file_, "cannot be written");
    at += static_cast<std::size_t>(written);
  }
  // The disk begins at once, so that little is left to wait for in Finish. Only a hint.
  sync_file_range(fd_, static_cast<off64_t>(bytes_), static_cast<off64_t>(block.size()),
                  SYNC_FILE_RANGE_WRITE);
  bytes_ += block.size();
}

void DiskFile::Finish() {
  if (fsync(fd_) != 0) FailErrno(file_, "cannot be synced");
  const int fd = std::exchange(fd_, -1);
  if (close(fd) != 0) FailErrno(file_, "cannot be closed");
}

}  // namespace fathom
