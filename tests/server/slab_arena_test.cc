#include "server/slab_arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace fathom {
namespace {

TEST(MappedMemory, IsZeroedAndWholePages) {
  const MappedMemory memory(5000);
  EXPECT_EQ(memory.size(), 2 * MappedMemory::kPageBytes);
  EXPECT_TRUE(std::all_of(memory.data(), memory.data() + memory.size(),
                          [](std::byte b) { return b == std::byte{0}; }));
}

TEST(MappedMemory, LargeMemoryStartsOnAHugePage) {
  for (int i = 0; i < 4; ++i) {
    const MappedMemory small(MappedMemory::kPageBytes);  // moves the next mapping off its alignment
    const MappedMemory memory(MappedMemory::kHugePageBytes + 1);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % MappedMemory::kHugePageBytes, 0U);
    memory.data()[0] = std::byte{1};
    memory.data()[memory.size() - 1] = std::byte{1};
  }
}

TEST(SlabArena, SlabsAreAlignedAndDoNotOverlap) {
  SlabArena arena;
  std::vector<std::pair<std::byte*, std::size_t>> slabs;
  for (std::size_t i = 0; i < 200; ++i) {
    const std::size_t bytes = 1 + i * 4999;
    std::byte* const slab = arena.Allocate(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(slab) % 64, 0U);
    slabs.emplace_back(slab, bytes);
  }
  std::sort(slabs.begin(), slabs.end());
  for (std::size_t i = 1; i < slabs.size(); ++i)
    EXPECT_LE(slabs[i - 1].first + slabs[i - 1].second, slabs[i].first);
}

TEST(SlabArena, SlabLargerThanABlock) {
  SlabArena arena;
  const std::size_t bytes = SlabArena::kBlockBytes + 12345;
  std::byte* const slab = arena.Allocate(bytes);
  slab[0] = slab[bytes - 1] = std::byte{1};
  EXPECT_NE(arena.Allocate(64), nullptr);
}

}  // namespace
}  // namespace fathom
