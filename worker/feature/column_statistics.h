// Gathers what a column's transform has to know: counts of values, sums, quantiles.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "common/config/config.h"
#include "common/key.h"
#include "worker/feature/transforms.h"

namespace fathom {

// Of one column over some examples. Merged in order of block, so that the sums do not depend on
// the threads that made them.
class ColumnStatistics {
 public:
  void AddValue(Key key) { ++counts_[key]; }

  // Into mean and variance.
  void AddNumber(double x) {
    // Welford 1962.
    ++numbers_;
    const double delta = x - mean_;
    mean_ += delta / static_cast<double>(numbers_);
    squares_ += delta * (x - mean_);
  }

  // As AddNumber of the numbers that gave these sums, where there have been none.
  void SetMoments(std::uint64_t numbers, double mean, double squares) {
    numbers_ = numbers;
    mean_ = mean;
    squares_ = squares;
  }

  // For quantiles. `place`: unique to the example; it decides which numbers are kept when there are
  // too many.
  void KeepNumber(double x, std::uint64_t place);

  void Merge(ColumnStatistics&& later);

  // mean and variance over the numbers that are there; quantiles of all of them, or beyond
  // kMaxKept of a uniform sample of that many.
  ColumnTransform Learn(const ColumnConfig& column) const;

  static constexpr std::size_t kMaxKept = std::size_t{1} << 20;

 private:
  struct Kept {
    std::uint64_t rank;  // a hash of its place: the lowest are kept
    double x;
  };
  void Thin();

  std::uint64_t numbers_ = 0;
  double mean_ = 0;
  double squares_ = 0;  // sum of squared deviations from the mean
  std::unordered_map<Key, std::uint64_t> counts_;
  std::vector<Kept> kept_;
};

}  // namespace fathom
