// Processes that srun started without an MPI that joins them.
#include "launcher/cluster/lonely_task.h"

#include <gtest/gtest.h>

#include <map>

namespace fathom {
namespace {

std::string Advice(int ranks, const std::map<std::string, std::string>& environment) {
  return LonelyTaskAdvice(ranks, [&](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

TEST(LonelyTask, TasksOfOneStepThatMpiDoesNotJoin) {
  const std::string advice = Advice(1, {{"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_PROCID", "0"}});
  EXPECT_NE(advice.find("4 tasks"), std::string::npos) << advice;
  EXPECT_NE(advice.find("srun --mpi"), std::string::npos) << advice;
  EXPECT_NE(Advice(1, {{"SLURM_NTASKS", "3"}, {"SLURM_PROCID", "2"}}), "");
}

TEST(LonelyTask, WhereNothingIsWrongNothingIsSaid) {
  EXPECT_EQ(Advice(1, {}), "");
  EXPECT_EQ(Advice(4, {{"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_PROCID", "0"}}), "");
  EXPECT_EQ(Advice(1, {{"SLURM_STEP_NUM_TASKS", "1"}, {"SLURM_PROCID", "0"}}), "");
  // A batch script of an allocation of four that runs one process by itself.
  EXPECT_EQ(Advice(1, {{"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}}), "");
}

}  // namespace
}  // namespace fathom
