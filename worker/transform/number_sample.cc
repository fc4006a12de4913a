#include "worker/transform/number_sample.h"

#include <algorithm>

#include "common/random.h"

namespace fathom {

void NumberSample::Add(double x, std::uint64_t place) {
  kept_.push_back({Mix64(place), x});
  if (kept_.size() >= 2 * kMaxKept) Thin();
}

void NumberSample::Merge(const NumberSample& later) {
  kept_.insert(kept_.end(), later.kept_.begin(), later.kept_.end());
  if (kept_.size() >= 2 * kMaxKept) Thin();
}

void NumberSample::Thin() {
  if (kept_.size() <= kMaxKept) return;
  const auto by_rank = [](const Kept& a, const Kept& b) { return a.rank < b.rank; };
  std::nth_element(kept_.begin(), kept_.begin() + kMaxKept, kept_.end(), by_rank);
  kept_.resize(kMaxKept);
}

std::vector<double> NumberSample::Sorted() const {
  NumberSample thinned = *this;
  thinned.Thin();
  std::vector<double> sorted;
  for (const Kept& kept : thinned.kept_) sorted.push_back(kept.x);
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace fathom
