// A job whose output nobody reads ends all the same.
#include "launcher/launch/output_relay.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

void Print(int fd, const std::string& text) {
  ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

TEST(OutputRelay, PassesOnAllThatWasPrintedAlsoALineWithoutEndAndOneThatIsLong) {
  const testing::ScratchDir dir;
  const int fd = open(dir.Write("out.txt", "").c_str(), O_WRONLY);
  Terminal terminal(fd);
  const std::string text = "one\n\ntwo\n" + std::string(10000, 'x') + "\nno end";
  {
    OutputRelay relay(terminal);
    Print(relay.in(), text);
  }
  EXPECT_EQ(dir.Read("out.txt"), text);
  close(fd);
}

// What the child left behind may keep its output open.
TEST(OutputRelay, EndsThoughThePipeIsStillHeld) {
  const testing::ScratchDir dir;
  const int fd = open(dir.Write("out.txt", "").c_str(), O_WRONLY);
  Terminal terminal(fd);
  int held = -1;
  {
    OutputRelay relay(terminal);
    held = dup(relay.in());
    Print(held, "a line\n");
  }
  EXPECT_EQ(dir.Read("out.txt"), "a line\n");
  close(held);
  close(fd);
}

TEST(OutputRelay, TheChildNeverWaitsForAReader) {
  int unread[2];
  ASSERT_EQ(pipe(unread), 0);
  // Kept: a thread hangs in a write into the pipe.
  static Terminal& terminal = *new Terminal(unread[1]);
  OutputRelay relay(terminal);
  const std::string line = std::string(99, 'x') + "\n";
  for (int i = 0; i < 20000; ++i) Print(relay.in(), line);  // 2 MB; the pipe holds 64 KB
}

}  // namespace
}  // namespace fathom
