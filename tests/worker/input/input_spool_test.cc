#include "worker/input/input_spool.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

std::string TextOf(const InputFile& file) {
  std::ifstream in(file.path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class InputSpoolTest : public ::testing::Test {
 protected:
  InputSpool MakeSpool() const {
    return {scratch_.path() / "kept", [](std::uint64_t) {}};
  }
  fs::path Fifo(const char* name) const {
    fs::path fifo = scratch_.path() / name;
    EXPECT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    return fifo;
  }
  testing::ScratchDir scratch_;
};

TEST_F(InputSpoolTest, APipeIsReadAsOftenAsAFile) {
  const fs::path fifo = Fifo("ratings");
  std::string text;
  for (int i = 0; i < 500000; ++i) text += std::to_string(i) + "\n";
  std::thread writer([&] { std::ofstream(fifo, std::ios::binary) << text; });
  InputSpool spool = MakeSpool();
  const InputFile file = spool.Take({fifo}).front();
  writer.join();
  EXPECT_EQ(TextOf(file), text);
  EXPECT_EQ(TextOf(file), text);
  EXPECT_EQ(file.name, fifo.string());
  EXPECT_EQ(file.split_name, "ratings");
  EXPECT_TRUE(file.contents.has_value());
  EXPECT_TRUE(fs::is_empty(scratch_.path() / "kept")) << "it has a name";
}

TEST_F(InputSpoolTest, OtherContentsAreKnown) {
  std::uint64_t contents[2] = {};
  for (int i = 0; i < 2; ++i) {
    const fs::path fifo = Fifo(i == 0 ? "a" : "b");
    std::thread writer([&] { std::ofstream(fifo) << (i == 0 ? "label\n1\n" : "label\n0\n"); });
    contents[i] = MakeSpool().Take({fifo}).front().contents.value();
    writer.join();
  }
  EXPECT_NE(contents[0], contents[1]);
}

TEST_F(InputSpoolTest, ASocketByItsDescriptor) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  ASSERT_EQ(write(ends[1], "text", 4), 4);
  close(ends[1]);
  InputSpool spool = MakeSpool();
  const InputFile file = spool.Take({"/dev/fd/" + std::to_string(ends[0])}).front();
  close(ends[0]);
  EXPECT_EQ(TextOf(file), "text");
  EXPECT_EQ(file.split_name, "-") << "a descriptor's number is chance";
}

TEST_F(InputSpoolTest, APlainFileStaysWhereItIs) {
  const fs::path plain = scratch_.Write("plain", "text");
  const InputFile file = MakeSpool().Take({plain}).front();
  EXPECT_EQ(file.path, plain);
  EXPECT_FALSE(file.contents.has_value());
  EXPECT_FALSE(fs::exists(scratch_.path() / "kept"));
}

// Before anybody waits for its writer.
TEST_F(InputSpoolTest, APipeThatIsNamedTwice) {
  const fs::path fifo = Fifo("fifo");
  fs::create_symlink(fifo, scratch_.path() / "link");
  for (const fs::path& again : {fifo, scratch_.path() / "link"}) {
    testing::ExpectError(ExitCode::kUsage, {"name it twice"}, [&] {
      MakeSpool().Take({fifo, again});
    });
  }
}

}  // namespace
}  // namespace fathom
