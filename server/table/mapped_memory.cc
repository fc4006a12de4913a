#include "server/table/mapped_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <mutex>

#include "common/check.h"
#include "common/error.h"
#include "common/log_line.h"

namespace fathom {
namespace {

constexpr std::size_t RoundUp(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

// What the kernel maps for so many bytes.
std::size_t Mapped(std::size_t bytes) { return RoundUp(bytes, MappedMemory::KernelPageBytes()); }

[[noreturn]] void FailNoMemory(std::size_t bytes) {
  Fail(ExitCode::kTraining,
       "no memory for {} more bytes of rows: {}; spread the tables over more hosts "
       "(cluster.servers), or make them smaller (min_count, hash_buckets, embedding_dim)",
       bytes, std::strerror(errno));
}

std::byte* Map(std::size_t bytes) {
  void* place = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) FailNoMemory(bytes);
  return static_cast<std::byte*>(place);
}

void Unmap(std::byte* place, std::size_t bytes) {
  if (bytes > 0) FATHOM_CHECK_EQ(munmap(place, bytes), 0);
}

// Huge pages halve the time of a random row access; without them all works, slower.
void AskForHugePages(std::byte* place, std::size_t bytes) {
  if (madvise(place, bytes, MADV_HUGEPAGE) == 0) return;
  static std::once_flag told;
  const int error = errno;
  std::call_once(told, [&] {
    LogInfo("the kernel gives no huge pages ({}): rows are slower to reach", std::strerror(error));
  });
}

}  // namespace

std::size_t MappedMemory::KernelPageBytes() {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

MappedMemory::MappedMemory(std::size_t bytes, Pages pages, std::size_t alignment) {
  size_ = RoundUp(bytes, kPageBytes);
  const bool huge = pages == Pages::kHuge && size_ >= kHugePageBytes;
  if (huge) alignment = std::max(alignment, kHugePageBytes);
  const std::size_t spare = alignment > KernelPageBytes() ? alignment : 0;
  std::byte* const begin = Map(Mapped(size_) + spare);
  const std::size_t before = RoundUp(reinterpret_cast<std::uintptr_t>(begin), alignment) -
                             reinterpret_cast<std::uintptr_t>(begin);
  data_ = begin + before;
  Unmap(begin, before);
  Unmap(data_ + Mapped(size_), spare - before);
  if (huge) AskForHugePages(data_, size_);
}

void MappedMemory::GrowAndForget(std::size_t bytes, Pages pages) {
  MappedMemory larger(bytes, pages);
  // A huge page's worth of small ones would stay small ones.
  const std::size_t unit = larger.size_ >= kHugePageBytes ? kHugePageBytes : KernelPageBytes();
  const std::size_t kept = Mapped(std::min(size_, larger.size_)) / unit * unit;
  if (kept > 0 &&
      mremap(data_, kept, kept, MREMAP_MAYMOVE | MREMAP_FIXED, larger.data_) == MAP_FAILED)
    FailNoMemory(bytes);
  Unmap(data_ + kept, Mapped(size_) - kept);
  size_ = 0;
  *this = std::move(larger);
}

void MappedMemory::Populate() const {
  // Where the kernel (before 5.14) does not know it, the faults come one by one.
  if (size_ > 0) static_cast<void>(madvise(data_, size_, MADV_POPULATE_WRITE));
}

MappedMemory::~MappedMemory() { Unmap(data_, size_); }

}  // namespace fathom
