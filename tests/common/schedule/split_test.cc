#include "common/schedule/split.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace fathom {
namespace {

double Point(std::int64_t seed, std::string_view a, std::string_view b) {
  const std::array<std::string_view, 2> fields = {a, b};
  return SplitPoint(seed, fields);
}

TEST(Split, IsUniform) {
  int below = 0;
  for (int i = 0; i < 10000; ++i) below += Point(1, std::to_string(i), "x") < 0.2 ? 1 : 0;
  EXPECT_NEAR(below, 2000, 150);
}

// The parts of a log stay its parts: what divides them may never change.
TEST(Split, IsWhatItHasAlwaysBeen) {
  EXPECT_EQ(Point(1, "17", "red"), 0x1.e5afce54f9b8cp-1);
  EXPECT_EQ(Point(2, "17", "red"), 0x1.66588ad9bf44p-6);
}

TEST(Split, DependsOnSeedAndOnEachFieldByItself) {
  EXPECT_EQ(Point(1, "a", "b"), Point(1, "a", "b"));
  EXPECT_NE(Point(1, "a", "b"), Point(2, "a", "b"));
  EXPECT_NE(Point(1, "a", "b"), Point(1, "b", "a"));
  EXPECT_NE(Point(1, "ab", "c"), Point(1, "a", "bc"));
}

}  // namespace
}  // namespace fathom
