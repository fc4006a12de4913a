// The table of a sweep, sweep.csv: a line for each point of the grid, made of its runs' results.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "launcher/sweep/sweep_grid.h"
#include "launcher/sweep/sweep_results.h"

namespace fathom {

// A point of the grid: medians over its runs that are done.
struct SweepPoint {
  std::vector<std::pair<std::string, std::string>> values;  // by axis
  std::vector<SweepConfig::AxisKind> kinds;                 // by axis
  int runs = 0;                                             // done
  int failed = 0;
  std::string error;  // of the last failure
  // By name, in the table's order; NaN: not defined. Those that repeats spread
  // over come with _min and _max.
  std::vector<std::pair<std::string, double>> measures;

  double Of(const std::string& measure) const;
};

// The points of these runs, as far as they have ended, in the grid's order.
std::vector<SweepPoint> PointsOf(const std::vector<SweepRun>& runs, const SweepResults& results);

// A line a point: axes, runs, failed, measures, error.
std::string CsvOf(const std::vector<SweepPoint>& points);

}  // namespace fathom
