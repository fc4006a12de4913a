// Processes that a launcher started together and that MPI does not join.
#include "launcher/cluster/lonely_task.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/fake_environment.h"

namespace fathom {
namespace {

using testing::FakeEnvironment;
using testing::ReaderOf;

std::string Advice(int ranks, const FakeEnvironment& environment) {
  return LonelyTaskAdvice(ranks, ReaderOf(environment));
}

TEST(LonelyTask, TasksOfOneStepThatMpiDoesNotJoin) {
  const std::string advice = Advice(1, {{"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_PROCID", "0"}});
  EXPECT_NE(advice.find("srun has started 4 tasks"), std::string::npos) << advice;
  EXPECT_NE(advice.find("srun --mpi=pmix"), std::string::npos) << advice;
  EXPECT_NE(advice.find("unset SLURM_STEP_NUM_TASKS"), std::string::npos) << advice;
}

TEST(LonelyTask, ProcessesOfAnotherMpi) {
  for (const char* tasks :
       {"PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE", "JSM_NAMESPACE_SIZE"}) {
    const std::string advice = Advice(1, {{tasks, "3"}});
    EXPECT_NE(advice.find("has started 3 tasks"), std::string::npos) << tasks << ": " << advice;
    EXPECT_NE(advice.find("mpirun of the Open MPI"), std::string::npos) << tasks << ": " << advice;
  }
  EXPECT_NE(Advice(1, {{"PMI_SIZE", "2"}, {"SLURM_STEP_NUM_TASKS", "2"}}).find("--mpi=pmix"),
            std::string::npos);
}

TEST(LonelyTask, WhereNothingIsWrongNothingIsSaid) {
  EXPECT_EQ(Advice(1, {}), "");
  EXPECT_EQ(Advice(4, {{"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_PROCID", "0"}}), "");
  EXPECT_EQ(Advice(1, {{"SLURM_STEP_NUM_TASKS", "1"}, {"SLURM_PROCID", "0"}}), "");
  // A batch script of an allocation of four that runs one process by itself.
  EXPECT_EQ(Advice(1, {{"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}}), "");
  // mpirun -np 1, whose daemons srun has started.
  EXPECT_EQ(Advice(1, {{"OMPI_COMM_WORLD_SIZE", "1"}, {"SLURM_STEP_NUM_TASKS", "2"}}), "");
  // A shell that somebody types into.
  EXPECT_EQ(Advice(1, {{"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_PTY_PORT", "40000"}}), "");
  EXPECT_EQ(Advice(1, {{"PMI_SIZE", "many"}}), "");
}

TEST(LonelyTask, AnInterfaceThatOpenMpiMayNotKnowIsToldByOneTask) {
  const auto said = [](const FakeEnvironment& environment) {
    return OldInterfaceAdvice(ReaderOf(environment));
  };
  EXPECT_NE(said({{"SLURM_STEP_NUM_TASKS", "4"}, {"PMI_RANK", "0"}}).find("--mpi=pmix"),
            std::string::npos);
  EXPECT_EQ(said({{"SLURM_STEP_NUM_TASKS", "4"}, {"PMI_RANK", "1"}}), "");
  EXPECT_EQ(said({{"SLURM_STEP_NUM_TASKS", "4"}, {"PMI_RANK", "0"}, {"PMIX_RANK", "0"}}), "");
  EXPECT_EQ(said({{"SLURM_STEP_NUM_TASKS", "1"}, {"PMI_RANK", "0"}}), "");
  EXPECT_EQ(said({{"PMI_RANK", "0"}}), "");
}

}  // namespace
}  // namespace fathom
