// Where the rows of all of a server's tables live: slabs cut from large blocks of mapped memory.
// Slabs never move and are given back all together, with the arena. With a cold tier, only the
// first blocks lie in memory; the others are blocks of the tier.
//
// A row can be marked as changed. The marks stand at the beginning of each block, a bit for every
// kMarkedBytes, and blocks are aligned to their size, so that a row's address alone finds its mark.
// Marks that are never set cost only address space.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/table/cold_tier.h"
#include "server/table/mapped_memory.h"

namespace fathom {

class SlabArena {
 public:
  // The tier, if there is one, must outlive the arena.
  explicit SlabArena(Pages pages = Pages::kHuge, ColdTier* cold = nullptr)
      : pages_(pages), cold_(cold) {}

  // Null where all rows stay in memory.
  ColdTier* cold() const { return cold_; }

  // Bytes of the blocks that lie in memory, outside the cold tier.
  std::size_t memory_bytes() const { return in_memory_.size() * kBlockBytes; }

  // A block is only address space until its pages are touched.
  static constexpr std::size_t kBlockBytes = std::size_t{64} << 20;
  static constexpr std::size_t kMarkedBytes = 32;
  static constexpr std::size_t kMarksBytes = kBlockBytes / kMarkedBytes / 8;  // of a block
  static constexpr std::size_t kMaxSlabBytes = kBlockBytes - kMarksBytes;

  // `bytes`, at most kMaxSlabBytes, of zeroed memory on a cache line's boundary. Throws
  // Error(kTraining) without memory.
  std::byte* Allocate(std::size_t bytes);

  // Of a place in a slab. Smaller rows share a mark: then one that did not change may be marked.
  static void Mark(const void* place) { *Word(place) |= Bit(place); }
  static bool Marked(const void* place) { return (*Word(place) & Bit(place)) != 0; }
  void ClearMarks();

 private:
  static std::size_t Offset(const void* place) {
    return reinterpret_cast<std::uintptr_t>(place) & (kBlockBytes - 1);
  }
  static std::uint64_t* Word(const void* place) {
    const auto block = reinterpret_cast<std::uintptr_t>(place) & ~(kBlockBytes - 1);
    return reinterpret_cast<std::uint64_t*>(block) + Offset(place) / kMarkedBytes / 64;
  }
  static std::uint64_t Bit(const void* place) {
    return std::uint64_t{1} << (Offset(place) / kMarkedBytes % 64);
  }

  std::byte* AddBlock();

  Pages pages_;
  ColdTier* cold_;
  std::vector<MappedMemory> in_memory_;  // the blocks that lie in memory
  std::vector<std::byte*> blocks_;       // all
  std::size_t used_ = 0;                 // of the last block
};

}  // namespace fathom
