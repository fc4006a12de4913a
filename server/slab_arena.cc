#include "server/slab_arena.h"

#include <algorithm>

namespace fathom {

std::byte* SlabArena::Allocate(std::size_t bytes) {
  constexpr std::size_t kLineBytes = 64;
  bytes = (bytes + kLineBytes - 1) / kLineBytes * kLineBytes;
  if (blocks_.empty() || blocks_.back().size() - used_ < bytes) {
    blocks_.emplace_back(std::max(bytes, kBlockBytes), pages_);
    used_ = 0;
  }
  std::byte* const slab = blocks_.back().data() + used_;
  used_ += bytes;
  return slab;
}

}  // namespace fathom
