#include "common/file/mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <utility>

#include "common/file/descriptor.h"

namespace fathom {

MappedFile::MappedFile(const std::filesystem::path& file, ExitCode code,
                       const std::string& remedy) {
  const Descriptor in = Descriptor::OfPlainFile(file);
  struct stat status {};
  if (in.get() < 0 || fstat(in.get(), &status) != 0)
    Fail(code, "{}: cannot be opened: {}: {}", file.string(), Descriptor::WhyNot(), remedy);
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ == 0) Fail(code, "{}: the file is empty: {}", file.string(), remedy);
  void* const place = mmap(nullptr, size_, PROT_READ, MAP_SHARED, in.get(), 0);
  if (place == MAP_FAILED)
    Fail(code, "{}: cannot be mapped ({} bytes): {}", file.string(), size_, remedy);
  bytes_ = static_cast<const std::byte*>(place);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(other.size_) {}

MappedFile::~MappedFile() {
  if (bytes_ != nullptr) munmap(const_cast<std::byte*>(bytes_), size_);
}

void MappedFile::Release() const {
  static_cast<void>(madvise(const_cast<std::byte*>(bytes_), size_, MADV_DONTNEED));
}

void MappedFile::ExpectRandomReads() const {
  static_cast<void>(madvise(const_cast<std::byte*>(bytes_), size_, MADV_RANDOM));
}

}  // namespace fathom
