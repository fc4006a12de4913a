// What `fathom train` prints of a run that has come to its end.
#pragma once

#include "common/config/config.h"
#include "launcher/coordinator/metrics_log.h"

namespace fathom {

void PrintSummary(const Config& config, const FinalReport& report);

}  // namespace fathom
