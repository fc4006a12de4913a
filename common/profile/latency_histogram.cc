#include "common/profile/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace fathom {
namespace {

// 2^(63 + i/4): where the quarters of an octave begin, for numbers whose top bit is bit 63.
constexpr double kTopBit = 9223372036854775808.0;
constexpr std::array kQuarters = {static_cast<std::uint64_t>(kTopBit * 1.189207115002721),
                                  static_cast<std::uint64_t>(kTopBit * 1.4142135623730951),
                                  static_cast<std::uint64_t>(kTopBit * 1.681792830507429)};

}  // namespace

std::size_t LatencyHistogram::BucketOf(std::uint64_t ns) {
  ns = std::max<std::uint64_t>(ns, 1);
  const int zeros = std::countl_zero(ns);
  const std::uint64_t top = ns << zeros;
  std::size_t bucket = static_cast<std::size_t>(63 - zeros) * kBucketsAnOctave;
  for (const std::uint64_t quarter : kQuarters) bucket += top >= quarter ? 1 : 0;
  return std::min(bucket, kBuckets - 1);
}

void LatencyHistogram::Add(std::uint64_t ns) {
  ++count_;
  total_ns_ += ns;
  shortest_ns_ = std::min(shortest_ns_, ns);
  longest_ns_ = std::max(longest_ns_, ns);
  ++buckets_[BucketOf(ns)];
}

void LatencyHistogram::Add(const LatencyHistogram& other) {
  count_ += other.count_;
  total_ns_ += other.total_ns_;
  shortest_ns_ = std::min(shortest_ns_, other.shortest_ns_);
  longest_ns_ = std::max(longest_ns_, other.longest_ns_);
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
}

double LatencyHistogram::Quantile(double q) const {
  if (count_ == 0) return 0;
  const auto shortest = static_cast<double>(shortest_ns_);
  const auto longest = static_cast<double>(longest_ns_);
  const double rank = std::ceil(q * static_cast<double>(count_));
  if (rank <= 1) return shortest;
  if (rank >= static_cast<double>(count_)) return longest;
  std::uint64_t below = 0;
  std::size_t bucket = 0;
  for (; bucket + 1 < kBuckets; ++bucket) {
    below += buckets_[bucket];
    if (static_cast<double>(below) >= rank) break;
  }
  const double middle =
      std::exp2((static_cast<double>(bucket) + 0.5) / static_cast<double>(kBucketsAnOctave));
  return std::clamp(middle, shortest, longest);
}

}  // namespace fathom
