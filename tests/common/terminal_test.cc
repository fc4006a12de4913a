// A terminal that nobody reads holds nobody up.
#include "common/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using std::chrono::milliseconds;

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(ends_), 0); }
  ~Pipe() {
    close(ends_[0]);
    close(ends_[1]);
  }
  int in() const { return ends_[1]; }

  // What is there within so long.
  std::string Read(std::size_t bytes) const {
    std::string text(bytes, 0);
    const ssize_t got = read(ends_[0], text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }

 private:
  int ends_[2];
};

TEST(Terminal, LinesComeInTheirOrder) {
  const Pipe pipe;
  Terminal terminal(pipe.in());
  for (const char* line : {"one\n", "two\n", "three\n"}) terminal.Write(line);
  terminal.Flush(milliseconds(5000));
  EXPECT_EQ(pipe.Read(100), "one\ntwo\nthree\n");
}

TEST(Terminal, NobodyWaitsForAPipeThatIsNotReadAndWhatWasDroppedIsCounted) {
  const Pipe pipe;
  const std::string line = std::string(99, 'x') + "\n";
  constexpr std::size_t kLines = 3 * Terminal::kMaxLines;
  std::size_t seen = 0, dropped = 0;
  {
    Terminal terminal(pipe.in());
    for (std::size_t i = 0; i < kLines; ++i) terminal.Write(line);
    std::string text;
    while (text.find("were not shown") == std::string::npos) text += pipe.Read(1 << 16);
    // Whole lines to the end.
    for (terminal.Write("end\n"); text.find("end\n") == std::string::npos;)
      text += pipe.Read(1 << 16);
    std::istringstream lines(text);
    for (std::string one; std::getline(lines, one);) {
      if (one.starts_with("(")) dropped += std::stoul(one.substr(1));
      seen += one + "\n" == line ? 1 : 0;
    }
  }
  EXPECT_GT(dropped, 0U);
  EXPECT_EQ(seen + dropped, kLines);
}

// The pipe stays: the thread hangs in a write into it.
TEST(Terminal, AtTheEndNobodyWaitsForItForEver) {
  static const Pipe& pipe = *new Pipe;
  {
    Terminal terminal(pipe.in());
    for (int i = 0; i < 100; ++i) terminal.Write(std::string(4000, 'x') + "\n");
  }
  EXPECT_EQ(pipe.Read(4001), std::string(4000, 'x') + "\n");
}

TEST(Terminal, AFileHasEachLineAtOnce) {
  const testing::ScratchDir dir;
  const auto file = dir.Write("out.txt", "");
  const int fd = open(file.c_str(), O_WRONLY);
  Terminal terminal(fd);
  terminal.Write("a line\n");
  EXPECT_EQ(dir.Read("out.txt"), "a line\n");
  close(fd);
}

}  // namespace
}  // namespace fathom
