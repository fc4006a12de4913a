#include "server/table/slab_arena.h"

#include <algorithm>

#include "common/check.h"

namespace fathom {

std::byte* SlabArena::Allocate(std::size_t bytes) {
  constexpr std::size_t kLineBytes = 64;
  bytes = (bytes + kLineBytes - 1) / kLineBytes * kLineBytes;
  FATHOM_CHECK(bytes <= kMaxSlabBytes);
  if (blocks_.empty() || kBlockBytes - used_ < bytes) {
    blocks_.push_back(AddBlock());
    used_ = kMarksBytes;
  }
  std::byte* const slab = blocks_.back() + used_;
  used_ += bytes;
  return slab;
}

std::byte* SlabArena::AddBlock() {
  if (cold_ != nullptr && memory_bytes() + kBlockBytes > cold_->first_rows_bytes())
    return cold_->AddBlock(kBlockBytes);
  in_memory_.emplace_back(kBlockBytes, pages_, kBlockBytes);
  return in_memory_.back().data();
}

// A word that is zero is left alone: its page may never have been touched.
void SlabArena::ClearMarks() {
  for (std::byte* const block : blocks_) {
    auto* const words = reinterpret_cast<std::uint64_t*>(block);
    std::replace_if(
        words, words + kMarksBytes / sizeof(std::uint64_t),
        [](std::uint64_t word) { return word != 0; }, std::uint64_t{0});
  }
}

}  // namespace fathom
