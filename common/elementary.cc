#include "common/elementary.h"

#include <sleef.h>

#include <bit>
#include <cstdint>

namespace fathom {

// Exp is taken for each value of generated data, where SLEEF's would be a tenth of a training. So
// it is a series of its own where the result is far from the ends of a double's range: e^x = 2^n
// e^r with x = n ln 2 + r, |r| <= ln 2 / 2, and Taylor's polynomial of degree 13 for e^r, which
// leaves out less than 5e-18. Each operation is rounded by itself (-ffp-contract=off).
double Exp(double x) {
  constexpr double kFar = 700;
  if (!(x > -kFar && x < kFar)) return Sleef_cinz_expd1_u10purec(x);
  constexpr double kRound = 0x1.8p52;  // added and taken away: the nearest whole number
  constexpr double kLog2E = 1.4426950408889634074;
  // ln 2 in two pieces, of which the first has so few bits that its product with n is exact.
  constexpr double kLn2High = 6.93147180369123816490e-01;
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  const double n = x * kLog2E + kRound - kRound;
  const double r = (x - n * kLn2High) - n * kLn2Low;
  const double r2 = r * r, r4 = r2 * r2;
  // From r^2 on, by pairs of pairs, so that the processor computes them side by side.
  constexpr double k2 = 1.0 / 2, k3 = k2 / 3, k4 = k3 / 4, k5 = k4 / 5, k6 = k5 / 6, k7 = k6 / 7,
                   k8 = k7 / 8, k9 = k8 / 9, k10 = k9 / 10, k11 = k10 / 11, k12 = k11 / 12,
                   k13 = k12 / 13;
  const double low = (k2 + k3 * r) + (k4 + k5 * r) * r2;
  const double middle = (k6 + k7 * r) + (k8 + k9 * r) * r2;
  const double high = (k10 + k11 * r) + (k12 + k13 * r) * r2;
  const double power = 1 + (r + r2 * (low + r4 * (middle + r4 * high)));
  const auto exponent = static_cast<std::uint64_t>(static_cast<std::int64_t>(n) + 1023) << 52;
  return power * std::bit_cast<double>(exponent);
}

double Log(double x) { return Sleef_cinz_logd1_u10purec(x); }
double Log1p(double x) { return Sleef_cinz_log1pd1_u10purec(x); }
double Pow(double base, double exponent) { return Sleef_cinz_powd1_u10purec(base, exponent); }
double Sin(double x) { return Sleef_cinz_sind1_u10purec(x); }
double Cos(double x) { return Sleef_cinz_cosd1_u10purec(x); }

}  // namespace fathom
