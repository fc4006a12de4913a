#include "common/file/descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/error.h"

namespace fathom {

Descriptor::Descriptor(const std::filesystem::path& file, int flags)
    : fd_(open(file.c_str(), flags | O_CLOEXEC, 0644)) {}

// Opening a FIFO that nobody writes to would wait for ever without O_NONBLOCK, which plain files
// ignore.
Descriptor Descriptor::OfPlainFile(const std::filesystem::path& file) {
  Descriptor opened(file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat status {};
  if (opened.fd_ < 0) return opened;
  if (fstat(opened.fd_, &status) == 0 && S_ISREG(status.st_mode)) return opened;
  opened.Close();
  errno = ENXIO;  // as a socket's own error
  return opened;
}

Descriptor::~Descriptor() { Close(); }

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

bool Descriptor::Close() {
  const int fd = std::exchange(fd_, -1);
  return fd < 0 || close(fd) == 0;
}

const char* Descriptor::WhyNot() {
  return errno == ENXIO ? "it is no plain file but a folder, FIFO, socket or device"
                        : std::strerror(errno);
}

void RefuseUnreadPipe(const std::filesystem::path& file) {
  std::error_code none;
  if (!std::filesystem::is_fifo(file, none)) return;
  const Descriptor out(file, O_WRONLY | O_NONBLOCK);
  if (out.get() < 0 && errno == ENXIO)
    Fail(ExitCode::kUsage, "{}: a pipe that nobody reads: remove it, or begin to read it first",
         file.string());
}

void FailErrno(const std::filesystem::path& file, const char* what) {
  Fail(ExitCode::kModel, "{}: {}: {}: check the disk and the folder's rights", file.string(), what,
       std::strerror(errno));
}

}  // namespace fathom
