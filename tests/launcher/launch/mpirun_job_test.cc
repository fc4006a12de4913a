// Jobs whose mpirun is a shell.
#include "launcher/launch/mpirun_job.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <string>
#include <thread>

#include "launcher/launch/stop_signal.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using std::chrono::seconds;

constexpr int kKilledBySignal = 128 + SIGKILL;

TEST(MpirunJob, ItsExitCodeIsTheJobs) {
  MpirunJob job({"sh", "-c", "exit 4"}, {}, [] { return false; });
  EXPECT_EQ(job.Run(), 4);
  EXPECT_FALSE(job.begun());
}

TEST(MpirunJob, WhereNoRankBeginsAllAreKilled) {
  MpirunJob job({"sleep", "1000"}, {.start = seconds(0)}, [] { return false; });
  EXPECT_EQ(job.Run(), kKilledBySignal);
  EXPECT_FALSE(job.begun());
}

TEST(MpirunJob, WhereOneHasBegunItIsNot) {
  MpirunJob job({"sh", "-c", "sleep 0.2"}, {.start = seconds(0)}, [] { return true; });
  EXPECT_EQ(job.Run(), 0);
  EXPECT_TRUE(job.begun());
}

// Rank 0 may be on another host, and its files with it.
TEST(MpirunJob, WhatPrintsIsNotKilled) {
  MpirunJob job({"sh", "-c", "echo rank 0; sleep 3"}, {.start = seconds(2)}, [] { return false; });
  EXPECT_EQ(job.Run(), 0);
  EXPECT_FALSE(job.begun());
}

// In a process of its own: a signal is counted for ever. The shell takes no notice of the signal
// for half a second after the first one, as mpirun does before its ranks are there.
TEST(MpirunJobDeathTest, ASignalBeforeTheRanksAreThereIsNotLost) {
  const testing::ScratchDir dir;
  const auto ready = dir.path() / "ready";
  const std::string script = "trap '' USR1; : > " + ready.string() +
                             "; sleep 0.5; trap 'exit 9' USR1; while :; do sleep 0.05; done";
  EXPECT_EXIT(
      {
        StopSignal::Listen({SIGTERM}, StopSignal::Second::kIsCounted);
        MpirunJob job({"sh", "-c", script}, {}, [&] {
          if (StopSignal::Count() == 0 && std::filesystem::exists(ready)) raise(SIGTERM);
          return false;
        });
        std::_Exit(job.Run());
      },
      ::testing::ExitedWithCode(9), "signal 15");
}

}  // namespace
}  // namespace fathom
