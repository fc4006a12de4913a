#include "worker/feature/data_part.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "common/random.h"
#include "worker/transform/time_text.h"

namespace fathom {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

TEST(TimeCuts, ByHand) {
  const TimeCuts cuts = TimeCuts::Of({5, 1, 4, 2, 3, 10, 9, 8, 7, 6}, 0.2, 0.25);
  EXPECT_EQ(cuts.test, 9);
  EXPECT_EQ(cuts.validation, 7);
  EXPECT_EQ(TimeCuts::Of({1, 2, 3}, 0, 0).test, kNever);
  EXPECT_EQ(TimeCuts::Of({1, 2, 3}, 0, 0).validation, kNever);
  EXPECT_EQ(TimeCuts::Of({1, 2, 3}, 0, 0.34).validation, 3);
  EXPECT_EQ(TimeCuts::Of({}, 0.5, 0.5).test, kNever);
  EXPECT_EQ(TimeCuts::Of({7, 7, 7}, 0.3, 0.5).test, 7) << "equal times are not cut";
  EXPECT_EQ(TimeCuts::Of({7, 7, 7}, 0.3, 0.5).validation, kNever);
}

// Against a sort, of times with many repeats.
TEST(TimeCuts, AreTheExactRanks) {
  for (std::uint64_t round = 0; round < 200; ++round) {
    std::vector<double> times;
    for (std::uint64_t i = 0; i < 1 + Mix64(round) % 300; ++i)
      times.push_back(static_cast<double>(Mix64(round, i) % 40));
    const double test = UnitDouble(Mix64(1, round)), validation = UnitDouble(Mix64(2, round));
    const TimeCuts cuts = TimeCuts::Of(times, test, validation);
    std::sort(times.begin(), times.end());
    const auto late = [](const std::vector<double>& sorted, double fraction) {
      const auto n = std::llround(fraction * static_cast<double>(sorted.size()));
      return n == 0 ? kNever : sorted[sorted.size() - static_cast<std::size_t>(n)];
    };
    ASSERT_EQ(cuts.test, late(times, test));
    times.erase(std::lower_bound(times.begin(), times.end(), cuts.test), times.end());
    ASSERT_EQ(cuts.validation, late(times, validation));
  }
}

TEST(TimeOrder, NumbersAndIsoTimes) {
  EXPECT_EQ(TimeOrder("1.5"), 1.5);
  EXPECT_EQ(TimeOrder("1795799880000"), 1795799880000.0) << "also milliseconds: they are in order";
  EXPECT_EQ(TimeOrder("2026-11-27T17:18:00Z"), 1795799880.0);
  EXPECT_EQ(TimeOrder("2026-11-27T19:18:00+02:00"), 1795799880.0);
  EXPECT_EQ(TimeOrder("1970-01-02"), 86400.0);
  EXPECT_FALSE(TimeOrder("soon"));
  EXPECT_FALSE(TimeOrder(""));
}

}  // namespace
}  // namespace fathom
