#include "common/process/process_mark.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/dead_process.h"

namespace fathom {
namespace {

TEST(ProcessMark, ItsNameSaysAll) {
  const ProcessMark mark = ProcessMark::OfThisProcess();
  EXPECT_EQ(mark.pid, getpid());
  EXPECT_EQ(ProcessMark::FromName(mark.Name()), mark);
  EXPECT_EQ(mark.Name().find('/'), std::string::npos);
  EXPECT_LE(mark.Name().size(), 200U);
}

TEST(ProcessMark, AHostNameMayHoldDots) {
  ProcessMark mark = ProcessMark::OfThisProcess();
  mark.host = "node-1.cluster_b.example";
  EXPECT_EQ(ProcessMark::FromName(mark.Name()), mark);
}

// Two processes with equal ids, in two containers.
TEST(ProcessMark, NoTwoAreEqual) {
  EXPECT_NE(ProcessMark::OfThisProcess().Name(), ProcessMark::OfThisProcess().Name());
}

TEST(ProcessMark, WhatHasAnotherFormIsNone) {
  const std::string name = ProcessMark::OfThisProcess().Name();
  for (const std::string& other :
       {std::string(), std::string("notes.txt"), name.substr(1), "x" + name, name + "/..",
        std::string("0123456789abcdef.1.2.3.4."), std::string("0123456789abcdef.-1.2.3.4.host"),
        std::string("0123456789abcdef.1.x.3.4.host"), std::string("0123456789abcdef.1.2.3.g.host")})
    EXPECT_FALSE(ProcessMark::FromName(other)) << other;
}

TEST(ProcessMark, ALivingProcessIsAlive) {
  EXPECT_EQ(StateOf(ProcessMark::OfThisProcess()), ProcessState::kAlive);
}

TEST(ProcessMark, ADeadOneIsDead) {
  EXPECT_EQ(StateOf(testing::MarkOfDeadProcess()), ProcessState::kDead);
}

TEST(ProcessMark, ANumberThatCameAgainIsAnotherProcess) {
  ProcessMark mark = ProcessMark::OfThisProcess();
  ++mark.start;
  EXPECT_EQ(StateOf(mark), ProcessState::kDead);
}

TEST(ProcessMark, WhatIsLeftOfAProcessUntilItsParentLooksIsDead) {
  const pid_t child = fork();
  if (child == 0) pause();
  ProcessMark mark = ProcessMark::OfThisProcess();
  mark.pid = child;
  mark.start = StartOf(child).value_or(0);
  EXPECT_EQ(StateOf(mark), ProcessState::kAlive);
  kill(child, SIGKILL);
  siginfo_t ended;
  waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
  EXPECT_EQ(StateOf(mark), ProcessState::kDead);
  waitpid(child, nullptr, 0);
}

TEST(ProcessMark, OfAnotherBootOrContainerNothingIsKnown) {
  ProcessMark boot = testing::MarkOfDeadProcess(), container = boot;
  boot.boot = "0123";
  ++container.pid_space;
  EXPECT_EQ(StateOf(boot), ProcessState::kElsewhere);
  EXPECT_EQ(StateOf(container), ProcessState::kElsewhere);
}

}  // namespace
}  // namespace fathom
