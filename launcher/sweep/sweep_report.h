// report.html: a sweep's plots and its table, one page that needs nothing else.
#pragma once

#include <string>
#include <vector>

#include "launcher/sweep/sweep_points.h"

namespace fathom {

// For each axis of numbers with two values and more: speed, AUC, memory and traffic over it, a line
// for each combination of the other axes. Then all points; `best`, one
// of them or null, stands out.
std::string ReportOf(const std::string& title, const std::vector<SweepPoint>& points,
                     const SweepPoint* best = nullptr);

}  // namespace fathom
