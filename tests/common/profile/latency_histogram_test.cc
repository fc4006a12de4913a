#include "common/profile/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace fathom {
namespace {

constexpr double kBucketWidth = 1.1892071150027210;  // 2^(1/4)

double ExactQuantile(const std::vector<std::uint64_t>& sorted, double q) {
  const double rank = std::ceil(q * static_cast<double>(sorted.size()));
  return static_cast<double>(sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1]);
}

TEST(LatencyHistogram, NothingAdded) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.Quantile(0.5), 0);
}

TEST(LatencyHistogram, BucketsBeginAtPowersOfTheFourthRootOfTwo) {
  for (std::size_t bucket = 12; bucket + 1 < LatencyHistogram::kBuckets; ++bucket) {
    const auto first = static_cast<std::uint64_t>(
        std::ceil(std::exp2(static_cast<double>(bucket) / LatencyHistogram::kBucketsAnOctave)));
    EXPECT_EQ(LatencyHistogram::BucketOf(first + 1), bucket) << first;
    EXPECT_EQ(LatencyHistogram::BucketOf(first - 1), bucket - 1) << first;
  }
}

TEST(LatencyHistogram, TheShortestAndTheLongest) {
  EXPECT_EQ(LatencyHistogram::BucketOf(0), 0U);
  EXPECT_EQ(LatencyHistogram::BucketOf(1), 0U);
  EXPECT_EQ(LatencyHistogram::BucketOf(~std::uint64_t{0}), LatencyHistogram::kBuckets - 1);
}

TEST(LatencyHistogram, QuantilesWithinABucketOfTheExactOnes) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> microseconds(5, 2);
  std::vector<std::uint64_t> all;
  LatencyHistogram histogram;
  std::uint64_t total = 0;
  for (int i = 0; i < 20000; ++i) {
    all.push_back(static_cast<std::uint64_t>(1e3 * microseconds(random)));
    histogram.Add(all.back());
    total += all.back();
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(histogram.count(), all.size());
  EXPECT_EQ(histogram.total_ns(), total);
  for (const double q : {0.001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999}) {
    const double exact = ExactQuantile(all, q);
    EXPECT_LT(histogram.Quantile(q), exact * std::sqrt(kBucketWidth) * 1.001) << q;
    EXPECT_GT(histogram.Quantile(q), exact / std::sqrt(kBucketWidth) / 1.001) << q;
  }
  EXPECT_EQ(histogram.Quantile(0), static_cast<double>(all.front()));
  EXPECT_EQ(histogram.Quantile(1), static_cast<double>(all.back()));
}

// Of three durations the half lies within the second.
TEST(LatencyHistogram, RanksAreRoundedUp) {
  LatencyHistogram histogram;
  for (const std::uint64_t ns : {1, 1000, 1000000}) histogram.Add(ns);
  EXPECT_NEAR(histogram.Quantile(0.5), 1000, 1000 * (kBucketWidth - 1));
  EXPECT_EQ(histogram.Quantile(0.3), 1);
  EXPECT_EQ(histogram.Quantile(0.7), 1000000);
}

TEST(LatencyHistogram, EqualDurationsHaveExactQuantiles) {
  LatencyHistogram histogram;
  for (int i = 0; i < 100; ++i) histogram.Add(1000);
  for (const double q : {0.0, 0.01, 0.5, 0.99, 1.0}) EXPECT_EQ(histogram.Quantile(q), 1000);
}

TEST(LatencyHistogram, ASumIsAsIfAllHadBeenAddedToOne) {
  LatencyHistogram left, right, both;
  for (std::uint64_t ns = 1; ns < 5000; ns += 7) {
    (ns % 3 == 0 ? left : right).Add(ns);
    both.Add(ns);
  }
  left.Add(right);
  EXPECT_EQ(left.count(), both.count());
  EXPECT_EQ(left.total_ns(), both.total_ns());
  for (const double q : {0.0, 0.1, 0.5, 0.99, 1.0}) EXPECT_EQ(left.Quantile(q), both.Quantile(q));
}

}  // namespace
}  // namespace fathom
