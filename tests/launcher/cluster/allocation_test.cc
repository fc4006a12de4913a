// Hosts of a batch system that a run does not use.
#include "launcher/cluster/allocation.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/fake_environment.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

std::string IdleHosts(int hosts, const testing::FakeEnvironment& environment) {
  return IdleHostsAdvice(hosts, testing::ReaderOf(environment));
}

void ExpectSaid(const std::string& advice, const std::string& words) {
  EXPECT_NE(advice.find(words), std::string::npos) << advice;
}

TEST(Allocation, HostsOfSlurmThatNoRankIsOn) {
  ExpectSaid(IdleHosts(1, {{"SLURM_JOB_NUM_NODES", "3"}}),
             "Slurm has given this job 3 hosts (SLURM_JOB_NUM_NODES), and this run uses 1 of them");
  ExpectSaid(IdleHosts(1, {{"SLURM_JOB_NUM_NODES", "3"}, {"SLURM_STEP_NUM_NODES", "2"}}),
             "2 hosts (SLURM_STEP_NUM_NODES)");
  ExpectSaid(IdleHosts(2, {{"NHOSTS", "4"}}), "Grid Engine has given this job 4 hosts");
}

TEST(Allocation, ListsOfHostsWithSeveralSlots) {
  const testing::ScratchDir dir;
  const std::string file = (dir.path() / "nodefile").string();
  std::ofstream(file) << "node1\nnode1\nnode2\nnode2\n";
  ExpectSaid(IdleHosts(1, {{"PBS_NODEFILE", file}}), "PBS has given this job 2 hosts");
  ExpectSaid(IdleHosts(1, {{"PBS_NODEFILE", file}}), "mpirun --hostfile $PBS_NODEFILE");
  EXPECT_EQ(IdleHosts(2, {{"PBS_NODEFILE", file}}), "");
  ExpectSaid(IdleHosts(1, {{"LSB_MCPU_HOSTS", "node1 4 node2 4 "}}),
             "LSF has given this job 2 hosts");
  EXPECT_EQ(IdleHosts(1, {{"LSB_MCPU_HOSTS", "node1 8"}}), "");
}

TEST(Allocation, WhereNothingIsIdleNothingIsSaid) {
  EXPECT_EQ(IdleHosts(1, {}), "");
  EXPECT_EQ(IdleHosts(3, {{"SLURM_JOB_NUM_NODES", "3"}}), "");
  EXPECT_EQ(IdleHosts(1, {{"SLURM_JOB_NUM_NODES", "3"}, {"SLURM_STEP_NUM_NODES", "1"}}), "");
  EXPECT_EQ(IdleHosts(1, {{"PBS_NODEFILE", "/nowhere/nodefile"}}), "");
}

}  // namespace
}  // namespace fathom
