// What the synthetic logs share: hidden numbers as pure functions of counters, and the truth's AUC.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "common/random.h"

namespace fathom {

// Bell-shaped with mean 0 and variance 1, within +-3.5: four uniform numbers of 16 bits added
// (Irwin and Hall). One hash a number and no library function, so the same on every machine.
inline double BellShaped(std::uint64_t bits) {
  constexpr double kMean = 4 * 65535.0 / 2;
  const double sum = static_cast<double>((bits & 0xFFFF) + (bits >> 16 & 0xFFFF) +
                                         (bits >> 32 & 0xFFFF) + (bits >> 48));
  return (sum - kMean) / 65536.0 * std::sqrt(3.0);
}

// Different things draw from different streams.
inline std::uint64_t Stream(std::uint64_t seed, std::uint64_t thing, std::uint64_t number) {
  return Mix64(Mix64(seed, thing), number);
}

struct MeanAndDeviation {
  double mean = 0;
  double deviation = 1;
};
MeanAndDeviation Describe(std::span<const double> values);

}  // namespace fathom
