// A histogram of durations in buckets whose bounds grow by 2^(1/4), from 1 ns to 18 minutes: a
// quantile is off by at most a factor of 2^(1/8), 9 %, and the size is fixed.
//
// Thread rule: one thread at a time. Add is a few integer operations and allocates nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace fathom {

class LatencyHistogram {
 public:
  static constexpr std::size_t kBucketsAnOctave = 4;
  static constexpr std::size_t kBuckets = 40 * kBucketsAnOctave;

  void Add(std::uint64_t ns);
  void Add(const LatencyHistogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t total_ns() const { return total_ns_; }

  // The duration that a share `q` of all are not above; 0 where there are none. Never outside what
  // was seen: Quantile(0) and Quantile(1) are exact.
  double Quantile(double q) const;

  // Bucket i holds durations d with 2^(i/4) <= d < 2^((i+1)/4) ns; the last one all above too.
  static std::size_t BucketOf(std::uint64_t ns);

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(count_, total_ns_, shortest_ns_, longest_ns_, buckets_);
  }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t total_ns_ = 0;
  std::uint64_t shortest_ns_ = ~std::uint64_t{0};
  std::uint64_t longest_ns_ = 0;
  std::array<std::uint64_t, kBuckets> buckets_{};
};

}  // namespace fathom
