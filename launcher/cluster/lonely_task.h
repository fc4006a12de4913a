// Tasks of one Slurm step that MPI does not join: srun was not told which MPI to start, and each
// process takes itself for the only one. A pure function, so that it can be tested.
#pragma once

#include <functional>
#include <string>

namespace fathom {

// The value of a variable of the environment; null: not set.
using EnvironmentReader = std::function<const char*(const char* name)>;
const char* ReadEnvironment(const char* name);

// What to tell the user where MPI knows of so many ranks; empty: nothing is wrong. A batch script
// itself, outside srun, may well run one process alone.
std::string LonelyTaskAdvice(int ranks, const EnvironmentReader& read);

}  // namespace fathom
