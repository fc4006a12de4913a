// What an evaluation says: a line of metrics.jsonl and one on the terminal.
#pragma once

#include <cstdint>

#include "common/metrics/metrics.h"
#include "common/run/run_context.h"
#include "launcher/coordinator/metrics_log.h"

namespace fathom {

// Of the model after `step`, on this part; `training_seconds` until then. `log` may be null.
void ReportEvaluation(RunMode mode, std::uint64_t step, EvaluationPart part,
                      double training_seconds, const Metrics& metrics, MetricsLog* log);

}  // namespace fathom
