// The hosts that a batch system has given to a job. Where a run does not use them all, mpirun has
// often not been told of them: Debian's Open MPI asks Slurm and Grid Engine, but neither PBS nor
// LSF, and then starts all ranks on one host without a word. Thread rule: any thread.
#pragma once

#include "launcher/cluster/environment.h"

namespace fathom {

// What to tell the user of a run on so many hosts; empty: nothing is idle, or there is no batch
// system. The list of PBS is a file, which is read.
std::string IdleHostsAdvice(int hosts, const EnvironmentReader& read);

}  // namespace fathom
