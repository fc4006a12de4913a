#include "worker/data/epoch_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace fathom {
namespace {

std::vector<std::uint64_t> Order(std::uint64_t examples, std::uint64_t epoch, std::int64_t window,
                                 std::int64_t seed = 1) {
  Config config;
  config.seed = seed;
  config.train.shuffle_window = window;
  const EpochOrder order(config, examples, epoch);
  std::vector<std::uint64_t> all;
  for (std::uint64_t p = 0; p < examples; ++p) all.push_back(order(p));
  return all;
}

TEST(EpochOrder, EachExampleComesOnce) {
  for (const std::uint64_t examples : {1ULL, 2ULL, 3ULL, 10ULL, 97ULL, 1000ULL}) {
    for (const std::int64_t window : {1, 7, 32, 100000}) {
      auto all = Order(examples, 0, window);
      std::sort(all.begin(), all.end());
      for (std::uint64_t i = 0; i < examples; ++i)
        ASSERT_EQ(all[i], i) << examples << " examples, window " << window;
    }
  }
}

TEST(EpochOrder, WindowsStayTogether) {
  const auto all = Order(103, 0, 10);
  // In the order's sequence, examples of one window are next to each other.
  std::size_t changes = 0;
  for (std::size_t p = 1; p < all.size(); ++p) changes += all[p] / 10 != all[p - 1] / 10 ? 1 : 0;
  EXPECT_EQ(changes, 10U);
}

TEST(EpochOrder, EpochsAndSeedsDiffer) {
  EXPECT_EQ(Order(1000, 0, 1 << 20), Order(1000, 0, 1 << 20));
  EXPECT_NE(Order(1000, 0, 1 << 20), Order(1000, 1, 1 << 20));
  EXPECT_NE(Order(1000, 0, 1 << 20), Order(1000, 0, 1 << 20, 2));
}

// A run that another version resumes must take the same examples.
TEST(EpochOrder, IsWhatItHasAlwaysBeen) {
  EXPECT_EQ(Order(10, 3, 4), (std::vector<std::uint64_t>{8, 9, 6, 7, 5, 4, 3, 2, 0, 1}));
}

TEST(EpochOrder, WindowsAreShuffledEachByItself) {
  const auto all = Order(100000, 0, 100);
  std::set<std::vector<std::uint64_t>> inner;
  for (std::size_t begin = 0; begin < all.size(); begin += 100) {
    std::vector<std::uint64_t> window;
    for (std::size_t p = begin; p < begin + 100; ++p) window.push_back(all[p] % 100);
    inner.insert(window);
  }
  EXPECT_EQ(inner.size(), 1000U);
}

// Of neighbours in the file as few stay neighbours as of any shuffled deck.
TEST(EpochOrder, NeighboursArePartedAsByChance) {
  for (std::int64_t seed = 1; seed <= 20; ++seed) {
    const auto all = Order(4096, 0, 1 << 20, seed);
    int together = 0;
    for (std::size_t p = 1; p < all.size(); ++p) together += all[p] == all[p - 1] + 1 ? 1 : 0;
    EXPECT_LT(together, 10) << seed;  // 1 on average
  }
}

TEST(EpochOrder, UnshuffledIsTheFilesOrder) {
  Config config;
  config.train.shuffle = false;
  const EpochOrder order(config, 10, 3);
  for (std::uint64_t p = 0; p < 10; ++p) EXPECT_EQ(order(p), p);
}

}  // namespace
}  // namespace fathom
