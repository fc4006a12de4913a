#include "worker/transform/signed_log.h"

#include <cmath>
#include <vector>

namespace fathom {

double SignedLog(double x) { return std::copysign(std::log1p(std::fabs(x)), x); }

const double* LogsOfCounts() {
  static const std::vector<double> logs = [] {
    std::vector<double> made(kLogsOfCounts);
    for (std::size_t n = 0; n < made.size(); ++n) made[n] = SignedLog(static_cast<double>(n));
    return made;
  }();
  return logs.data();
}

}  // namespace fathom
