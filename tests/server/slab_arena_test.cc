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

TEST(SlabArena, ASlabMayBeAsLargeAsABlockBehindItsMarks) {
  SlabArena arena;
  std::byte* const slab = arena.Allocate(SlabArena::kMaxSlabBytes);
  slab[0] = slab[SlabArena::kMaxSlabBytes - 1] = std::byte{1};
  SlabArena::Mark(slab + SlabArena::kMaxSlabBytes - 1);
  EXPECT_EQ(slab[0], std::byte{1});
  EXPECT_NE(arena.Allocate(64), nullptr);
}

TEST(SlabArena, MarksAreOfOnePlaceEachUntilTheyAreCleared) {
  SlabArena arena;
  constexpr std::size_t kBytes = 20 << 20;  // so that there are several blocks
  std::vector<std::byte*> places;
  for (int slab = 0; slab < 7; ++slab) {
    std::byte* const begin = arena.Allocate(kBytes);
    for (std::size_t at = 0; at < kBytes; at += 999 * SlabArena::kMarkedBytes)
      places.push_back(begin + at);
  }
  for (std::size_t i = 0; i < places.size(); i += 3) SlabArena::Mark(places[i]);
  for (std::size_t i = 0; i < places.size(); ++i)
    ASSERT_EQ(SlabArena::Marked(places[i]), i % 3 == 0) << i;
  arena.ClearMarks();
  for (std::byte* place : places) ASSERT_FALSE(SlabArena::Marked(place));
}

}  // namespace
}  // namespace fathom
