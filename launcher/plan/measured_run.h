// A short training for its measures alone: in this process, without evaluation; its model is thrown
// away.
#pragma once

#include "common/config/config.h"
#include "launcher/cluster/mpi_session.h"
#include "launcher/coordinator/final_report.h"

namespace fathom {

// The config's data must be generated.
FinalReport MeasureRun(const Config& config, MpiSession& mpi);

}  // namespace fathom
