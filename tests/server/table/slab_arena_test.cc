#include "server/table/slab_arena.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

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

// How many pages at the beginning are in memory.
std::size_t ResidentPages(const MappedMemory& memory) {
  std::vector<unsigned char> resident(memory.size() / MappedMemory::kPageBytes);
  EXPECT_EQ(mincore(memory.data(), memory.size(), resident.data()), 0);
  return static_cast<std::size_t>(std::find_if(resident.begin(), resident.end(),
                                               [](unsigned char in) { return (in & 1) == 0; }) -
                                  resident.begin());
}

TEST(MappedMemory, GrowsWithThePagesThatItHas) {
  constexpr std::size_t kPage = MappedMemory::kPageBytes;
  constexpr std::size_t kHuge = MappedMemory::kHugePageBytes;
  struct Growth {
    std::size_t before, after, kept;
  };
  for (const Growth& growth : {Growth{0, 3 * kPage, 0}, Growth{5 * kPage, 7 * kPage, 5 * kPage},
                               Growth{2 * kHuge + 5 * kPage, 3 * kHuge + kPage, 2 * kHuge}}) {
    MappedMemory memory;
    if (growth.before > 0) memory = MappedMemory(growth.before);
    std::fill_n(memory.data(), memory.size(), std::byte{7});
    memory.GrowAndForget(growth.after, Pages::kHuge);
    EXPECT_EQ(memory.size(), growth.after);
    EXPECT_EQ(ResidentPages(memory) * kPage, growth.kept);
    if (memory.size() >= kHuge) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % kHuge, 0U);
    }
    std::fill_n(memory.data(), memory.size(), std::byte{8});
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
