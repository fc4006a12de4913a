#include "launcher/cluster/lonely_task.h"

#include <fmt/format.h>

#include "common/error.h"

namespace fathom {
namespace {

struct Launcher {
  const char* tasks;  // the variable in which it tells a task how many there are
  const char* name;
  const char* way_out;
};

constexpr const char* kOwnMpirun = "the mpirun of the Open MPI that fathom was built with";

// The first whose variable is above 1 is meant: srun also sets PMI_SIZE, with --mpi=pmi2.
constexpr Launcher kLaunchers[] = {
    {"OMPI_COMM_WORLD_SIZE", "mpirun of another Open MPI", kOwnMpirun},
    {"SLURM_STEP_NUM_TASKS", "srun",
     "srun --mpi=pmix (srun --mpi=list says what there is), or with mpirun"},
    {"JSM_NAMESPACE_SIZE", "jsrun", kOwnMpirun},
    {"MV2_COMM_WORLD_SIZE", "mpirun of MVAPICH", kOwnMpirun},
    {"PMI_SIZE", "mpiexec of another MPI (MPICH, Intel MPI)", kOwnMpirun},
};

// The shell that a user types into is one task; the others of its step have nobody.
bool IsTypedInto(const EnvironmentReader& read) { return read("SLURM_PTY_PORT") != nullptr; }

}  // namespace

std::string LonelyTaskAdvice(int ranks, const EnvironmentReader& read) {
  if (ranks > 1 || IsTypedInto(read)) return "";
  // mpirun -np 1, in a step of Slurm or of another launcher.
  if (CountIn(read, "OMPI_COMM_WORLD_SIZE") == 1) return "";
  for (const Launcher& launcher : kLaunchers) {
    const int tasks = CountIn(read, launcher.tasks);
    if (tasks <= 1) continue;
    return fmt::format(
        "{} has started {} tasks ({}={}), but MPI does not join them: each would do the whole work "
        "by itself, in one output.dir. Start them with {}. Where each is meant to run alone, in an "
        "output.dir of its own, unset {} before",
        launcher.name, tasks, launcher.tasks, tasks, launcher.way_out, launcher.tasks);
  }
  return "";
}

void RefuseLonelyTask(int ranks) {
  const std::string advice = LonelyTaskAdvice(ranks, ReadEnvironment);
  if (!advice.empty()) Fail(ExitCode::kUsage, "{}", advice);
}

std::string OldInterfaceAdvice(const EnvironmentReader& read) {
  const int tasks = CountIn(read, "SLURM_STEP_NUM_TASKS");
  const bool by_pmi = read("PMI_RANK") != nullptr && read("PMIX_RANK") == nullptr;
  if (tasks <= 1 || !by_pmi || CountIn(read, "PMI_RANK") != 0) return "";
  return fmt::format(
      "srun has started {} tasks that find each other by PMI-1 or PMI-2, which not every Open MPI "
      "knows. If MPI does not start, start them with srun --mpi=pmix, or with mpirun",
      tasks);
}

}  // namespace fathom
