#include "common/metrics/auc_interval.h"

#include <gtest/gtest.h>

#include <vector>

namespace fathom {
namespace {

AucInterval Interval(const std::vector<Tie>& ties) {
  std::uint64_t positives = 0, negatives = 0;
  for (const Tie& tie : ties) {
    positives += tie.positives;
    negatives += tie.negatives;
  }
  return DeLong(
      [&](const auto& visit) {
        for (const Tie& tie : ties) visit(tie);
      },
      positives, negatives);
}

// More examples than 32 bits count, told from numbers: 2^42 of them, half of them positive. A third
// of each lies in each of three runs, but for the first and the last, which hold more of one label.
TEST(AucInterval, OfMoreExamplesThan32BitsCount) {
  constexpr std::uint64_t kUnit = std::uint64_t{1} << 38;
  const AucInterval interval =
      Interval({{5 * kUnit, 2 * kUnit}, {2 * kUnit, 2 * kUnit}, {1 * kUnit, 4 * kUnit}});
  // Of 8 x 8 pairs: 2 x 5 / 2 + 2 x (5 + 1) + 4 x (7 + 1 / 2).
  EXPECT_EQ(interval.auc, (5 + 12 + 30) / 64.0);
  // Positives beat 5/16, 6/8 and 15/16 of the negatives, with weights 1/4, 1/4, 1/2; negatives are
  // beaten by 7/8, 5/8 and 1/4 of the positives, with weights 5/8, 1/4, 1/8.
  const double auc = 47 / 64.0;
  const auto square = [&](double component) { return (component - auc) * (component - auc); };
  const double of_positives = square(5 / 16.0) / 4 + square(6 / 8.0) / 4 + square(15 / 16.0) / 2;
  const double of_negatives = square(7 / 8.0) * 5 / 8 + square(5 / 8.0) / 4 + square(2 / 8.0) / 8;
  const double stddev =
      std::sqrt((of_positives + of_negatives) / (8.0 * static_cast<double>(kUnit)));
  EXPECT_NEAR((interval.high - interval.auc) / (1.959963984540054 * stddev), 1, 1e-6);
  EXPECT_NEAR((interval.auc - interval.low) / (1.959963984540054 * stddev), 1, 1e-6);
}

// Where all components are alike there is nothing to vary.
TEST(AucInterval, AllAlikeHasNoWidth) {
  constexpr std::uint64_t kMany = (std::uint64_t{1} << 41) - 3;
  const AucInterval interval = Interval({{kMany, kMany}});
  EXPECT_EQ(interval.auc, 0.5);
  EXPECT_EQ(interval.low, 0.5);
  EXPECT_EQ(interval.high, 0.5);
}

}  // namespace
}  // namespace fathom
