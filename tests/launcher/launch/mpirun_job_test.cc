// Jobs whose mpirun is a shell.
#include "launcher/launch/mpirun_job.h"

#include <gtest/gtest.h>
#include <signal.h>

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

TEST(MpirunJob, G31WhereNoRankBeginsAllAreKilled) {
  MpirunJob job({"sleep", "1000"}, {.start = seconds(0)}, [] { return false; });
  EXPECT_EQ(job.Run(), kKilledBySignal);
  EXPECT_FALSE(job.begun());
}

TEST(MpirunJob, G31WhereOneHasBegunItIsNot) {
  MpirunJob job({"sh", "-c", "sleep 0.2"}, {.start = seconds(0)}, [] { return true; });
  EXPECT_EQ(job.Run(), 0);
  EXPECT_TRUE(job.begun());
}

// In a process of its own: a signal is counted for ever. The shell takes no notice of the signal
// for its first second, as mpirun does before its ranks are there.
TEST(MpirunJobDeathTest, G18ASignalBeforeTheRanksAreThereIsNotLost) {
  const testing::ScratchDir dir;
  EXPECT_EXIT(
      {
        StopSignal::Listen({SIGTERM}, StopSignal::Second::kIsCounted);
        raise(SIGTERM);
        MpirunJob job(
            {"sh", "-c",
             "trap '' USR1; sleep 0.5; trap 'exit 9' USR1; for i in $(seq 1000); do sleep "
             "0.05; done"},
            {}, [] { return false; });
        std::_Exit(job.Run());
      },
      ::testing::ExitedWithCode(9), "signal 15");
}

}  // namespace
}  // namespace fathom
