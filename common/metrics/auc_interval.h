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

// A run of equal scores of examples that have weights: their sums, and those of their squares.
struct WeightedTie {
  double negatives = 0;
  double positives = 0;
  double negative_squares = 0;
  double positive_squares = 0;
};

// The weight of the (positive, negative) pairs in the right order, a tie counting half: a pair
// weighs the product of its examples' weights.
template <typename ForEachTie>
double WeightedPairs(const ForEachTie& for_each_tie) {
  double pairs = 0, negatives_below = 0;
  for_each_tie([&](const WeightedTie& tie) {
    pairs += tie.positives * (negatives_below + 0.5 * tie.negatives);
    negatives_below += tie.negatives;
  });
  return pairs;
}

// How many examples of each class have a weight above 0, and their weights' sums.
struct WeightedClasses {
  std::uint64_t positives = 0, negatives = 0;
  double positive_weight = 0, negative_weight = 0;
};

// As DeLong, of components that are weighted means, and whose own weighted mean is the AUC. The
// variance of such a mean is sum w^2 (component - auc)^2 / (sum w)^2 n / (n - 1), examples being
// independent and their weights given (Horvitz and Thompson 1952, linearised); equal weights make
// it DeLong's.
template <typename ForEachTie>
AucInterval WeightedDeLong(const ForEachTie& for_each_tie, const WeightedClasses& of) {
  constexpr double kNormalQuantile975 = 1.959963984540054;
  if (of.positives == 0 || of.negatives == 0) return {};
  AucInterval interval;
  interval.auc = WeightedPairs(for_each_tie) / (of.positive_weight * of.negative_weight);
  double positive_squares = 0, negative_squares = 0, negatives_below = 0, positives_below = 0;
  for_each_tie([&](const WeightedTie& tie) {
    const double beaten = (negatives_below + 0.5 * tie.negatives) / of.negative_weight;
    const double beaten_by =
        (of.positive_weight - positives_below - 0.5 * tie.positives) / of.positive_weight;
    positive_squares += tie.positive_squares * (beaten - interval.auc) * (beaten - interval.auc);
    negative_squares +=
        tie.negative_squares * (beaten_by - interval.auc) * (beaten_by - interval.auc);
    negatives_below += tie.negatives;
    positives_below += tie.positives;
  });
  const auto variance = [](double squares, double weight, std::uint64_t count) {
    const auto n = static_cast<double>(count);
    return count < 2 ? std::numeric_limits<double>::quiet_NaN()
                     : squares / weight / weight * n / (n - 1);
  };
  const double stddev = std::sqrt(variance(positive_squares, of.positive_weight, of.positives) +
                                  variance(negative_squares, of.negative_weight, of.negatives));
  interval.low = std::max(0.0, interval.auc - kNormalQuantile975 * stddev);
  interval.high = std::min(1.0, interval.auc + kNormalQuantile975 * stddev);
  return interval;
}

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
