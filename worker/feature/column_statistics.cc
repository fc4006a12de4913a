#include "worker/feature/column_statistics.h"

#include <algorithm>
#include <cmath>

#include "common/random.h"

namespace fathom {

void ColumnStatistics::KeepNumber(double x, std::uint64_t place) {
  kept_.push_back({Mix64(place), x});
  if (kept_.size() >= 2 * kMaxKept) Thin();
}

void ColumnStatistics::Merge(ColumnStatistics&& later) {
  for (const auto& [key, count] : later.counts_) counts_[key] += count;
  if (later.numbers_ == 0) return;
  // Chan, Golub and LeVeque 1979.
  const double a = static_cast<double>(numbers_), b = static_cast<double>(later.numbers_);
  const double delta = later.mean_ - mean_;
  mean_ += delta * b / (a + b);
  squares_ += later.squares_ + delta * delta * a * b / (a + b);
  numbers_ += later.numbers_;
  kept_.insert(kept_.end(), later.kept_.begin(), later.kept_.end());
  if (kept_.size() >= 2 * kMaxKept) Thin();
}

void ColumnStatistics::Thin() {
  if (kept_.size() <= kMaxKept) return;
  const auto by_rank = [](const Kept& a, const Kept& b) { return a.rank < b.rank; };
  std::nth_element(kept_.begin(), kept_.begin() + kMaxKept, kept_.end(), by_rank);
  kept_.resize(kMaxKept);
}

ColumnTransform ColumnStatistics::Learn(const ColumnConfig& column) const {
  ColumnTransform transform;
  for (const auto& [key, count] : counts_) {
    if (count >= static_cast<std::uint64_t>(column.min_count)) transform.vocabulary.push_back(key);
  }
  std::sort(transform.vocabulary.begin(), transform.vocabulary.end());
  if (numbers_ == 0) return transform;
  transform.mean = mean_;
  const double variance = squares_ / static_cast<double>(numbers_);
  transform.stddev = variance > 0 ? std::sqrt(variance) : 1;
  if (column.transform != TransformKind::kQuantiles) return transform;
  ColumnStatistics thinned = *this;
  thinned.Thin();
  std::vector<double> sorted;
  for (const Kept& kept : thinned.kept_) sorted.push_back(kept.x);
  std::sort(sorted.begin(), sorted.end());
  const auto classes = static_cast<std::size_t>(column.quantiles);
  for (std::size_t i = 1; i < classes; ++i)
    transform.boundaries.push_back(sorted[i * sorted.size() / classes]);
  transform.boundaries.erase(std::unique(transform.boundaries.begin(), transform.boundaries.end()),
                             transform.boundaries.end());
  return transform;
}

}  // namespace fathom
