// A file descriptor that is closed whatever happens.
#pragma once

#include <filesystem>

namespace fathom {

class Descriptor {
 public:
  // Of a file or folder, opened with these flags of open(2). get() is -1 where that failed; errno
  // then says why.
  Descriptor(const std::filesystem::path& file, int flags);

  // One that is open already; -1: none.
  explicit Descriptor(int fd) : fd_(fd) {}

  // Of a plain file to be read. A FIFO, a socket or a device is refused and not waited for.
  static Descriptor OfPlainFile(const std::filesystem::path& file);

  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }

  // Closes it now; false where the system reports an error of the file only then.
  bool Close();

  // Why OfPlainFile has no descriptor.
  static const char* WhyNot();

 private:
  int fd_ = -1;
};

// Throws Error(kUsage) where it is a pipe that nobody reads: whoever opened it would wait for ever.
void RefuseUnreadPipe(const std::filesystem::path& file);

// Throws Error(kModel): "FILE: WHAT: the system's reason", which errno says.
[[noreturn]] void FailErrno(const std::filesystem::path& file, const char* what);

}  // namespace fathom
