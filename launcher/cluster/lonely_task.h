// Tasks that a launcher has started together and that MPI does not join: srun was not told which
// MPI to start, or mpiexec is another MPI's. Each takes itself for the only one, and all would do
// the whole work in one folder. Pure functions of the environment. Thread rule: any thread.
#pragma once

#include <string>

#include "launcher/cluster/environment.h"

namespace fathom {

// What to tell the user where MPI knows of so many ranks; empty: nothing is wrong. A batch script
// that runs one process by itself is right, and so is a shell of `srun --pty`.
std::string LonelyTaskAdvice(int ranks, const EnvironmentReader& read);

// Throws Error(kUsage) with this advice, by the environment of this process.
void RefuseLonelyTask(int ranks);

// What to say before MPI starts where it may end the process with words that name no way out: tasks
// of srun that find each other by PMI-1 or PMI-2, for which Debian's Open MPI is not built. Said by
// one task of all; empty: nothing to say.
std::string OldInterfaceAdvice(const EnvironmentReader& read);

}  // namespace fathom
