// The runs of a sweep: every combination of its axes' values, each so often as it is repeated.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/config/config.h"

namespace fathom {

struct SweepRun {
  std::vector<std::pair<std::string, std::string>> point;  // axis and value, as in key=value
  std::vector<SweepConfig::AxisKind> kinds;                // of the axes
  int ranks = 1;  // under mpirun; 1: one process without it
  int repeat = 0;
  Config config;                       // as in force, but for where it writes
  std::string id;                      // of all of this: 16 hexadecimal digits
  std::vector<std::string> overrides;  // key=value: what the run's command line adds
};

// The run of one point, not repeated: settings and their values. Throws Error(kUsage) where they
// are no config.
SweepRun RunOfPoint(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                    std::vector<std::pair<std::string, std::string>> point);

// In the order in which they are to be run: repeats of one point follow each other. Throws
// Error(kUsage): no axes; a combination that is no config (says which).
std::vector<SweepRun> ExpandGrid(const std::filesystem::path& file,
                                 const std::vector<std::string>& overrides);

}  // namespace fathom
