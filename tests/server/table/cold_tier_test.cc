#include "server/table/cold_tier.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstring>
#include <fstream>
#include <random>

#include "server/table/slab_arena.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ScratchDir;

constexpr std::size_t kBlockBytes = SlabArena::kBlockBytes;
constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kPages = kBlockBytes / kPageBytes;

// The folder that the tests run in lies on a disk, the others of the tests in memory.
Config MakeConfig(const char* limit = "8MiB", const std::string& dir = ".") {
  Config config;
  config.server.memory_limit = limit;
  config.server.cold_tier = dir;
  return config;
}

TEST(ColdTier, IsOffWithoutAFolder) {
  EXPECT_FALSE(ColdTier(Config(), 1).on());
  EXPECT_TRUE(ColdTier(MakeConfig(), 1).on());
}

TEST(ColdTier, BlocksAreZeroedAlignedAndItsOwn) {
  ColdTier tier(MakeConfig(), 1);
  for (std::size_t blocks = 1; blocks <= 2; ++blocks) {
    std::byte* const block = tier.AddBlock(kBlockBytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % kBlockBytes, 0U);
    EXPECT_EQ(tier.file_bytes(), blocks * kBlockBytes);
    EXPECT_TRUE(tier.Holds(block));
    EXPECT_TRUE(tier.Holds(block + kBlockBytes - 1));
    EXPECT_FALSE(tier.Holds(block + kBlockBytes));
    EXPECT_EQ(block[kBlockBytes / 2], std::byte{0});
  }
  const std::byte elsewhere{};
  EXPECT_FALSE(tier.Holds(&elsewhere));
}

// Eight times the window is written and read in no order: never more than the window is in memory,
// and what was written is read.
TEST(ColdTier, KeepsWithinItsWindowAndLosesNothing) {
  constexpr std::size_t kLimit = std::size_t{8} << 20;
  ColdTier tier(MakeConfig("8MiB"), 1);
  std::byte* const block = tier.AddBlock(kBlockBytes);
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> written(kPages);
  std::size_t most = 0;
  for (int i = 0; i < 60000; ++i) {
    const std::size_t page = random() % kPages;
    std::byte* const place = block + page * kPageBytes + 8 * (page % 500);
    tier.FetchAhead(place, 8);
    std::uint64_t value;
    std::memcpy(&value, place, 8);
    ASSERT_EQ(value, written[page]);
    written[page] = random();
    std::memcpy(place, &written[page], 8);
    if (i % 16 == 0) {
      tier.KeepWithin();
      ASSERT_LE(tier.resident_bytes(), kLimit);
    }
    most = std::max(most, tier.resident_bytes());
  }
  EXPECT_GT(most, kLimit / 2);
  EXPECT_LT(most, kLimit + 16 * kPageBytes);
}

TEST(ColdTier, WhatIsUsedAgainStaysAndWhatIsVisitedGoesFirst) {
  ColdTier tier(MakeConfig("8MiB"), 1);
  std::byte* const block = tier.AddBlock(kBlockBytes);
  constexpr std::size_t kHot = std::size_t{2} << 20;
  std::byte* const rest = block + kHot;
  tier.Use(block, kHot);
  for (std::size_t at = 0; at + kHot < kBlockBytes; at += ColdTier::kExtentBytes) {
    tier.Visit(rest + at, ColdTier::kExtentBytes);
    tier.KeepWithin();
    ASSERT_TRUE(tier.FetchAhead(block, kHot)) << at;
  }
  EXPECT_FALSE(tier.FetchAhead(rest, 1));
}

// An extent that was chosen to leave, and is used before it has left, stays.
TEST(ColdTier, WhatIsUsedWhileItLeavesStays) {
  ColdTier tier(MakeConfig("8MiB"), 1);
  std::byte* const block = tier.AddBlock(kBlockBytes);
  constexpr std::size_t kWindow = std::size_t{8} << 20;
  constexpr std::size_t kExtents = kWindow / ColdTier::kExtentBytes;
  const auto extent = [&](std::size_t i) { return block + i * ColdTier::kExtentBytes; };
  const auto fill = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) tier.Visit(extent(i), ColdTier::kExtentBytes);
  };
  fill(0, kExtents * 9 / 10);
  tier.KeepWithin();  // begins with the first ones
  tier.Use(extent(2), ColdTier::kExtentBytes);
  fill(kExtents * 9 / 10, kExtents);
  tier.KeepWithin();
  EXPECT_LT(tier.resident_bytes(), kWindow);
  EXPECT_FALSE(tier.FetchAhead(extent(1), 1)) << "it has left";
  EXPECT_TRUE(tier.FetchAhead(extent(2), ColdTier::kExtentBytes));
}

// The rest of the limit is for pages, and at least a sixteenth.
TEST(ColdTier, OtherBytesMakeTheWindowSmaller) {
  ColdTier tier(MakeConfig("16MiB"), 0.5);  // half of the tables are on this server
  std::byte* const block = tier.AddBlock(kBlockBytes);
  const auto resident_after = [&](std::size_t others) {
    tier.SetOtherBytes(others);
    for (int round = 0; round < 3; ++round) {
      tier.Visit(block, kBlockBytes / 4);
      tier.KeepWithin();
    }
    return tier.resident_bytes();
  };
  EXPECT_GT(resident_after(0), std::size_t{5} << 20);
  EXPECT_LE(resident_after(std::size_t{6} << 20), std::size_t{2} << 20);
  EXPECT_LE(resident_after(std::size_t{60} << 20), std::size_t{512} << 10);
  EXPECT_GT(tier.resident_bytes(), 0U);
}

TEST(ColdTier, AFolderThatCannotBeUsedIsNamed) {
  const ScratchDir dir;
  std::ofstream(dir.path() / "file") << "x";
  const std::string file = dir.path() / "file";
  ExpectError(ExitCode::kUsage, {"server.cold_tier", "file", "name a folder"},
              [&] { ColdTier(MakeConfig("8MiB", file), 1); });
}

// A limit for files stands for a full disk.
TEST(ColdTier, AFullDiskIsAnErrorBeforeAnythingIsWritten) {
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = kBlockBytes + 1;
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  {
    ColdTier tier(MakeConfig(), 1);
    std::byte* const block = tier.AddBlock(kBlockBytes);
    block[0] = std::byte{7};
    setrlimit(RLIMIT_FSIZE, &small);
    ExpectError(ExitCode::kTraining, {"server.cold_tier", "64 MB more", "another disk"},
                [&] { tier.AddBlock(kBlockBytes); });
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ(block[0], std::byte{7});
    EXPECT_EQ(tier.file_bytes(), kBlockBytes);
    tier.AddBlock(kBlockBytes);
  }
  signal(SIGXFSZ, handler);
}

TEST(SlabArena, TheFirstBlocksStayInMemory) {
  ColdTier tier(MakeConfig("512MiB"), 1);
  SlabArena arena(Pages::kSmall, &tier);
  for (int block = 0; block < 4; ++block) {
    const std::byte* const slab = arena.Allocate(SlabArena::kMaxSlabBytes);
    EXPECT_EQ(tier.Holds(slab), block >= 2) << block;  // a quarter of the limit: two blocks
  }
  EXPECT_EQ(arena.memory_bytes(), 2 * kBlockBytes);
  EXPECT_EQ(tier.file_bytes(), 2 * kBlockBytes);
}

}  // namespace
}  // namespace fathom
