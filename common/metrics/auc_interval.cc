#include "common/metrics/auc_interval.h"

namespace fathom {

// With sum = q count + r the squares about the mean are squares - q^2 count - 2 q r - r^2 / count:
// whole numbers that stay below the squares, but for the last.
double ComponentVariance(Int128 squares, Int128 sum, std::uint64_t count, std::uint64_t others) {
  if (count < 2) return std::numeric_limits<double>::quiet_NaN();
  const auto n = static_cast<Int128>(count);
  const Int128 q = sum / n, r = sum % n;
  const double rest = static_cast<double>(r) * static_cast<double>(r) / static_cast<double>(count);
  const double deviation = static_cast<double>(squares - q * q * n - 2 * q * r) - rest;
  const double scale = 4.0 * static_cast<double>(others) * static_cast<double>(others);
  return deviation / scale / static_cast<double>(count - 1) / static_cast<double>(count);
}

}  // namespace fathom
