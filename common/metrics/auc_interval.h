// The area under the ROC curve and its confidence interval, from runs of equal scores.
//
// Pairs and their squares are counted as integers, so the result does not depend on an order of
// additions. They fit for up to kMaxAucExamples examples.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace fathom {

// A sum of squares is below 16/27 n^3 for n examples, an Int128 holds 2^127.
inline constexpr std::uint64_t kMaxAucExamples = std::uint64_t{1} << 42;

using Int128 = __int128;

// A run of equal scores: how many negatives and positives it holds.
struct Tie {
  std::uint64_t negatives = 0;
  std::uint64_t positives = 0;
};

struct AucInterval {
  double auc = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

// `for_each_tie(visit)` calls visit(tie) for each run in ascending order of score.

// Twice the number of (positive, negative) pairs in the right order; a tie counts one.
template <typename ForEachTie>
Int128 TwicePairs(const ForEachTie& for_each_tie) {
  Int128 pairs = 0;
  std::uint64_t negatives_below = 0;
  for_each_tie([&](const Tie& tie) {
    pairs += static_cast<Int128>(tie.positives) *
             (2 * static_cast<Int128>(negatives_below) + tie.negatives);
    negatives_below += tie.negatives;
  });
  return pairs;
}

// sum (component - auc)^2 / (count - 1) / count, of components whose doubled numerators over
// `others` have these sums. One example alone has no variance to tell: NaN.
double ComponentVariance(Int128 squares, Int128 sum, std::uint64_t count, std::uint64_t others);

// DeLong, DeLong and Clarke-Pearson 1988, eq. 4 to 6, for one curve, at 95 %. A positive's
// component is the share of negatives that it beats; twice that number is an integer.
template <typename ForEachTie>
AucInterval DeLong(const ForEachTie& for_each_tie, std::uint64_t positives,
                   std::uint64_t negatives) {
  constexpr double kNormalQuantile975 = 1.959963984540054;
  if (positives == 0 || negatives == 0) return {};
  const double pairs = static_cast<double>(positives) * static_cast<double>(negatives);
  const Int128 twice = TwicePairs(for_each_tie);
  AucInterval interval;
  interval.auc = static_cast<double>(twice) / (2.0 * pairs);
  Int128 positive_squares = 0, negative_squares = 0;  // of twice the components' numerators
  std::uint64_t negatives_below = 0, positives_below = 0;
  for_each_tie([&](const Tie& tie) {
    const Int128 beaten = 2 * static_cast<Int128>(negatives_below) + tie.negatives;
    const Int128 beaten_by =
        2 * static_cast<Int128>(positives - positives_below - tie.positives) + tie.positives;
    positive_squares += beaten * beaten * tie.positives;
    negative_squares += beaten_by * beaten_by * tie.negatives;
    negatives_below += tie.negatives;
    positives_below += tie.positives;
  });
  // With a NaN the interval becomes [0, 1].
  const double stddev = std::sqrt(ComponentVariance(positive_squares, twice, positives, negatives) +
                                  ComponentVariance(negative_squares, twice, negatives, positives));
  interval.low = std::max(0.0, interval.auc - kNormalQuantile975 * stddev);
  interval.high = std::min(1.0, interval.auc + kNormalQuantile975 * stddev);
  return interval;
}

}  // namespace fathom
