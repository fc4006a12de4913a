#include "launcher/launch/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <thread>

#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ScratchDir;

// Waits until it is so; false: it did not become so within a minute.
bool Await(const std::function<bool()>& so) {
  for (int i = 0; i < 6000; ++i) {
    if (so()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

int CodeOf(ChildProcess& child) {
  EXPECT_TRUE(Await([&] { return child.Ended().has_value(); }));
  return child.Ended().value_or(-1);
}

std::vector<std::string> Shell(const std::string& script) { return {"sh", "-c", script}; }

// With this process's own output.
class Script : public ChildProcess {
 public:
  explicit Script(const std::string& script)
      : ChildProcess(Shell(script), STDOUT_FILENO, STDERR_FILENO) {}
};

// Whether the process is there and runs: not dead, and no zombie that nobody asks after.
bool Lives(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  return stat >> number >> name >> state && state != "Z" && state != "X";
}

// The number that a script has written.
pid_t PidIn(const ScratchDir& dir, const std::string& file) {
  EXPECT_TRUE(Await([&] { return dir.Read(file).ends_with('\n'); }));
  return std::stoi(dir.Read(file));
}

TEST(ChildProcess, EndsWithTheCodeThatAShellWouldSay) {
  Script well("exit 0"), badly("exit 7"), killed("kill -9 $$");
  EXPECT_EQ(CodeOf(well), 0);
  EXPECT_EQ(CodeOf(badly), 7);
  EXPECT_EQ(CodeOf(killed), 128 + 9);
  EXPECT_EQ(CodeOf(killed), 128 + 9) << "asked again";
}

TEST(ChildProcess, AProgramThatIsNotThereIs127) {
  const ScratchDir dir;
  ChildProcess child({"/nowhere/program"}, dir.path() / "out");
  EXPECT_EQ(CodeOf(child), 127);
  EXPECT_EQ(dir.Read("out"), "/nowhere/program: cannot be started: is it installed?\n");
}

TEST(ChildProcess, WritesIntoItsFileAndReadsNothing) {
  const ScratchDir dir;
  ChildProcess child(Shell("cat; echo out; echo error >&2"), dir.path() / "out");
  EXPECT_EQ(CodeOf(child), 0);
  EXPECT_EQ(dir.Read("out"), "out\nerror\n");
  testing::ExpectError(ExitCode::kTraining, {"none/out", "cannot be written"},
                       [&] { ChildProcess(Shell("true"), dir.path() / "none" / "out"); });
}

TEST(ChildProcess, HasAProcessGroupOfItsOwnAndGetsSignals) {
  const ScratchDir dir;
  const auto file = (dir.path() / "pid").string();
  Script child("trap 'exit 5' USR1; echo $$ >" + file + "; while :; do sleep 0.05; done");
  const pid_t pid = PidIn(dir, "pid");
  EXPECT_EQ(getpgid(pid), pid);
  EXPECT_FALSE(child.Ended());
  child.Signal(SIGUSR1);
  EXPECT_EQ(CodeOf(child), 5);
}

TEST(ChildProcess, IsKilledWithItsDestructor) {
  const ScratchDir dir;
  pid_t pid = 0;
  {
    Script child("echo $$ >" + (dir.path() / "pid").string() + "; exec sleep 300");
    pid = PidIn(dir, "pid");
    EXPECT_TRUE(Lives(pid));
  }
  EXPECT_FALSE(Lives(pid));
}

// The child of a child that was killed lives on, until it is killed by who has seen it.
TEST(ChildProcess, KillsTheChildrenThatItLeavesBehind) {
  const ScratchDir dir;
  const auto file = (dir.path() / "pid").string();
  Script child("sleep 300 & echo $! >" + file + "; wait");
  const pid_t grandchild = PidIn(dir, "pid");
  EXPECT_TRUE(Await([&] { return child.CountChildren() == 1; }));
  child.Signal(SIGKILL);
  EXPECT_EQ(CodeOf(child), 128 + 9);
  EXPECT_TRUE(Lives(grandchild));
  EXPECT_EQ(child.CountChildren(), 0U);
  EXPECT_EQ(child.seen_children(), 1U);
  child.KillLeftChildren();
  EXPECT_TRUE(Await([&] { return !Lives(grandchild); }));
}

TEST(ChildProcess, DiesWithItsParent) {
  const ScratchDir dir;
  const pid_t parent = fork();
  if (parent == 0) {
    const Script child("echo $$ >" + (dir.path() / "pid").string() + "; exec sleep 300");
    pause();
    std::_Exit(0);
  }
  const pid_t child = PidIn(dir, "pid");
  EXPECT_TRUE(Lives(child));
  kill(parent, SIGKILL);
  EXPECT_EQ(waitpid(parent, nullptr, 0), parent);
  EXPECT_TRUE(Await([&] { return !Lives(child); }));
  if (Lives(child)) kill(child, SIGKILL);
}

}  // namespace
}  // namespace fathom
