#include "launcher/cluster/allocation.h"

#include <fmt/format.h>

#include <fstream>
#include <set>
#include <sstream>

namespace fathom {
namespace {

struct Allocation {
  int hosts = 0;
  const char* giver = "";
  const char* variable = "";
  const char* way_out = "";
};

// Of a step where there is one: srun -N1 within a larger job is meant.
Allocation OfSlurm(const EnvironmentReader& read) {
  const char* const variable =
      read("SLURM_STEP_NUM_NODES") != nullptr ? "SLURM_STEP_NUM_NODES" : "SLURM_JOB_NUM_NODES";
  return {CountIn(read, variable), "Slurm", variable,
          "mpirun or srun --mpi=pmix in the batch script, with a rank for each host at least"};
}

// One line a slot.
Allocation OfPbs(const EnvironmentReader& read) {
  std::set<std::string> hosts;
  const char* const file = read("PBS_NODEFILE");
  std::ifstream in(file == nullptr ? "" : file);
  for (std::string line; std::getline(in, line);) hosts.insert(line);
  return {static_cast<int>(hosts.size()), "PBS", "PBS_NODEFILE", "mpirun --hostfile $PBS_NODEFILE"};
}

// "node1 4 node2 4".
Allocation OfLsf(const EnvironmentReader& read) {
  const char* const pairs = read("LSB_MCPU_HOSTS");
  std::istringstream in(pairs == nullptr ? "" : pairs);
  std::set<std::string> hosts;
  for (std::string host, slots; in >> host >> slots;) hosts.insert(host);
  return {static_cast<int>(hosts.size()), "LSF", "LSB_MCPU_HOSTS",
          "mpirun --hostfile $LSB_DJOB_HOSTFILE"};
}

Allocation OfGridEngine(const EnvironmentReader& read) {
  return {CountIn(read, "NHOSTS"), "Grid Engine", "NHOSTS", "mpirun in the job script"};
}

}  // namespace

std::string IdleHostsAdvice(int hosts, const EnvironmentReader& read) {
  for (const auto& of : {OfSlurm, OfPbs, OfLsf, OfGridEngine}) {
    const Allocation given = of(read);
    if (given.hosts <= hosts) continue;
    return fmt::format(
        "{} has given this job {} hosts ({}), and this run uses {} of them; to use them all start "
        "it with {}",
        given.giver, given.hosts, given.variable, hosts, given.way_out);
  }
  return "";
}

}  // namespace fathom
