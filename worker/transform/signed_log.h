// The log of numbers of any sign.
#pragma once

#include <cstdint>

namespace fathom {

// sign(x) log(1 + |x|).
double SignedLog(double x);

// SignedLog of 0, 1, 2, ... kLogsOfCounts - 1: most numbers of a click log are small counts.
inline constexpr std::uint32_t kLogsOfCounts = 16384;
const double* LogsOfCounts();

}  // namespace fathom
