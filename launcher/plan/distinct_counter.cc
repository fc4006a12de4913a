#include "launcher/plan/distinct_counter.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "common/random.h"

namespace fathom {

void DistinctCounter::Add(Key key) {
  const std::uint64_t hash = Mix64(key);
  const std::size_t at = hash >> (64 - kBits);
  const auto rank = static_cast<std::uint8_t>(std::countl_zero(hash << kBits | 1) + 1);
  registers_[at] = std::max(registers_[at], rank);
}

double DistinctCounter::Estimate() const {
  constexpr double m = kRegisters;
  double sum = 0;
  std::size_t zeros = 0;
  for (const std::uint8_t rank : registers_) {
    sum += std::ldexp(1.0, -rank);
    zeros += rank == 0 ? 1 : 0;
  }
  const double raw = 0.7213 / (1 + 1.079 / m) * m * m / sum;
  if (raw <= 2.5 * m && zeros > 0) return m * std::log(m / static_cast<double>(zeros));
  return raw;
}

}  // namespace fathom
