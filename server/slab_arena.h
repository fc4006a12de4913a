// Where the rows of all of a server's tables live: slabs cut from large blocks of mapped memory.
// Slabs never move and are given back all together, with the arena.
#pragma once

#include <cstddef>
#include <vector>

#include "server/mapped_memory.h"

namespace fathom {

class SlabArena {
 public:
  explicit SlabArena(Pages pages = Pages::kHuge) : pages_(pages) {}

  // A block is only address space until its pages are touched.
  static constexpr std::size_t kBlockBytes = std::size_t{64} << 20;

  // `bytes` of zeroed memory on a cache line's boundary. Throws Error(kTraining) without memory.
  std::byte* Allocate(std::size_t bytes);

 private:
  Pages pages_;
  std::vector<MappedMemory> blocks_;
  std::size_t used_ = 0;  // of the last block
};

}  // namespace fathom
