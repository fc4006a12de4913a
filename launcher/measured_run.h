// A short training for its measures alone: in this process, without evaluation; its model is thrown
// away.
#pragma once

#include "common/config.h"
#include "launcher/metrics_log.h"
#include "launcher/mpi_session.h"

namespace fathom {

// The config's data must be generated.
FinalReport MeasureRun(const Config& config, MpiSession& mpi);

}  // namespace fathom
