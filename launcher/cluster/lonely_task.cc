#include "launcher/cluster/lonely_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace fathom {
namespace {

int NumberOf(const EnvironmentReader& read, const char* name) {
  const char* const text = read(name);
  return text == nullptr ? 0 : std::atoi(text);
}

}  // namespace

const char* ReadEnvironment(const char* name) { return std::getenv(name); }

std::string LonelyTaskAdvice(int ranks, const EnvironmentReader& read) {
  if (ranks > 1) return "";
  // Only srun sets the first; the others are those of the whole allocation.
  int tasks = NumberOf(read, "SLURM_STEP_NUM_TASKS");
  if (tasks <= 1 && NumberOf(read, "SLURM_PROCID") > 0)
    tasks = std::max(2, NumberOf(read, "SLURM_NTASKS"));
  if (tasks <= 1) return "";
  return fmt::format(
      "Slurm has started {} tasks, but MPI does not join them: each trains by itself, in one "
      "output.dir; start them with srun --mpi=pmix (srun --mpi=list says what there is), or with "
      "mpirun",
      tasks);
}

}  // namespace fathom
