#include "launcher/launch/stop_signal.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>

namespace fathom {
namespace {

// Each in a process of its own: what is listened for stays so.
TEST(StopSignalDeathTest, TheFirstIsKeptAndTheOthersAreCounted) {
  EXPECT_EXIT(
      {
        StopSignal::Listen({SIGUSR1, SIGTERM, SIGINT}, StopSignal::Second::kIsCounted);
        if (StopSignal::First() != 0 || StopSignal::Count() != 0) std::_Exit(1);
        raise(SIGTERM);
        raise(SIGINT);
        raise(SIGUSR1);
        std::_Exit(StopSignal::First() == SIGTERM && StopSignal::Count() == 3 ? 7 : 2);
      },
      ::testing::ExitedWithCode(7), "");
}

TEST(StopSignalDeathTest, ASecondOneEndsTheProcess) {
  EXPECT_EXIT(
      {
        StopSignal::Listen({SIGUSR1, SIGTERM}, StopSignal::Second::kEndsTheProcess);
        raise(SIGTERM);
        raise(SIGUSR1);  // counted
        if (StopSignal::Count() != 2) std::_Exit(1);
        raise(SIGTERM);
      },
      ::testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace fathom
