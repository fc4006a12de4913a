#include "worker/transform/signed_log.h"

#include <cmath>
#include <vector>

#include "common/elementary.h"

namespace fathom {

double SignedLog(double x) { return std::copysign(Log1p(std::fabs(x)), x); }

const double* LogsOfCounts() {
  static const std::vector<double> logs = [] {
    std::vector<double> made(kLogsOfCounts);
    for (std::size_t n = 0; n < made.size(); ++n) made[n] = SignedLog(static_cast<double>(n));
    return made;
  }();
  return logs.data();
}

}  // namespace fathom
