#include "worker/data/epoch_order.h"

#include <gtest/gtest.h>

#include <algorithm>
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

TEST(EpochOrder, UnshuffledIsTheFilesOrder) {
  Config config;
  config.train.shuffle = false;
  const EpochOrder order(config, 10, 3);
  for (std::uint64_t p = 0; p < 10; ++p) EXPECT_EQ(order(p), p);
}

}  // namespace
}  // namespace fathom
