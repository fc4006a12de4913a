#include "common/process/process_stat.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fathom {
namespace {

TEST(ProcessStat, OneThatNobodyHasWaitedForHasEndedAndHasItsStart) {
  const auto own = ProcessStat::Of(getpid());
  ASSERT_TRUE(own);
  EXPECT_FALSE(own->ended);
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  const auto left = ProcessStat::Of(child);
  ASSERT_TRUE(left);
  EXPECT_TRUE(left->ended);
  EXPECT_GE(left->start, own->start);
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(ProcessStat::Of(child));
}

}  // namespace
}  // namespace fathom
