// Checks that all ranks of a job have the same config: each host reads its own file, and mpirun can
// give some ranks other arguments.
#pragma once

#include "common/config/config.h"
#include "launcher/cluster/mpi_session.h"

namespace fathom {

// Without what a host may have of its own: where data and output lie, its network interface,
// threads and pages.
Config WithoutHostSettings(Config config);

// Every rank calls this. Throws Error(kUsage) on rank 0 that names the first rank whose config
// differs from its own, with the settings and both values of each.
// WithoutHostSettings says what may differ.
void RefuseMixedConfigs(const Config& config, MpiSession& mpi);

}  // namespace fathom
