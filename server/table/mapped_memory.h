// Zeroed memory straight from the kernel. It goes back whole when it is given up, so tables that
// grow leave no holes in the heap; pages that were never touched cost nothing.
#pragma once

#include <cstddef>
#include <utility>

#include "common/config/config.h"

namespace fathom {

enum class Pages { kHuge, kSmall };

inline Pages PagesOf(const Config& config) {
  return config.server.huge_pages ? Pages::kHuge : Pages::kSmall;
}

class MappedMemory {
 public:
  // Sizes are multiples of it, on any kernel: memory limits count them, and so the model may depend
  // on them.
  static constexpr std::size_t kPageBytes = 4096;
  // What this kernel maps at once: on AArch64 it may be 16 or 64 KiB.
  static std::size_t KernelPageBytes();
  static constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

  MappedMemory() = default;
  // At least `bytes`, rounded up to whole pages, at a multiple of `alignment` (a power of two).
  // With kHuge, from kHugePageBytes on the memory is aligned to huge pages at least and asks for
  // them. Throws Error(kTraining) when the kernel has none left.
  explicit MappedMemory(std::size_t bytes, Pages pages = Pages::kHuge,
                        std::size_t alignment = kPageBytes);
  ~MappedMemory();
  MappedMemory(MappedMemory&& other) noexcept { *this = std::move(other); }
  MappedMemory& operator=(MappedMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  // Becomes larger and keeps the pages that it has, which spares the kernel from clearing as many
  // anew; what stands there afterwards is unspecified. Throws as the constructor.
  void GrowAndForget(std::size_t bytes, Pages pages);

  // Takes all of it from the kernel now, at a fraction of what a fault for each page costs.
  void Populate() const;

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace fathom
