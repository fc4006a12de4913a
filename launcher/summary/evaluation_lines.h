// The metrics of an evaluation as evaluate and predict print them.
#pragma once

#include <string>

#include "common/config/config.h"
#include "common/metrics/metrics.h"

namespace fathom {

// A line a metric, each ended.
std::string EvaluationLines(const Config& config, const Metrics& metrics);

}  // namespace fathom
