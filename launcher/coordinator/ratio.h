// A quotient for a report.
#pragma once

namespace fathom {

// a / b, or `otherwise` where there is nothing to divide by.
inline double Ratio(double a, double b, double otherwise) { return b > 0 ? a / b : otherwise; }

}  // namespace fathom
