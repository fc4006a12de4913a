// Text of a pipe, in blocks of what has come.
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "tests/support/expect_error.h"
#include "worker/text/text_blocks.h"

namespace fathom {
namespace {

using testing::ExpectError;

class PipedBlocksTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(pipe(ends_), 0); }
  void TearDown() override {
    close(ends_[0]);
    End();
  }

  void Write(const std::string& text) {
    ASSERT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void End() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  TextBlockReader Reader(Separator separator = Separator(',')) {
    InputFile file("/dev/fd/" + std::to_string(ends_[0]));
    file.name = "the pipe";
    return {{file}, separator, Arrival::kAsItComes};
  }

  int ends_[2] = {-1, -1};
  TextBlock block_;
};

TEST_F(PipedBlocksTest, HoldTheWholeRecordsThatHaveCome) {
  TextBlockReader reader = Reader();
  Write("a\n");
  ASSERT_TRUE(reader.Next(&block_));
  EXPECT_EQ(block_.text, "a\n");
  EXPECT_TRUE(block_.starts_file);
  Write("b,c\nd,\"e\nf");
  ASSERT_TRUE(reader.Next(&block_));
  EXPECT_EQ(block_.text, "b,c\n");
  EXPECT_EQ(block_.first_line, 2U);
  Write("\"\ng");
  ASSERT_TRUE(reader.Next(&block_));
  EXPECT_EQ(block_.text, "d,\"e\nf\"\n");
  EXPECT_FALSE(block_.starts_file);
  End();
  ASSERT_TRUE(reader.Next(&block_));
  EXPECT_EQ(block_.text, "g");
  EXPECT_EQ(block_.first_line, 5U);
  EXPECT_FALSE(reader.Next(&block_));
}

TEST_F(PipedBlocksTest, LoseTheByteOrderMark) {
  TextBlockReader reader = Reader();
  Write(
      "\xEF\xBB\xBF"
      "ab\ncd\n");
  ASSERT_TRUE(reader.Next(&block_));
  EXPECT_EQ(block_.text, "ab\ncd\n");
}

TEST_F(PipedBlocksTest, AreRefusedWhereTheyAreNoText) {
  Write(std::string("a\0b\0\n\0c\0", 8));
  TextBlockReader reader = Reader();
  ExpectError(ExitCode::kData, {"the pipe", "UTF-16"}, [&] { reader.Next(&block_); });
}

TEST_F(PipedBlocksTest, EndAtOnceWhereNothingComes) {
  End();
  TextBlockReader reader = Reader();
  EXPECT_FALSE(reader.Next(&block_));
}

TEST_F(PipedBlocksTest, ThatAreCutShortInACompressedFrameAreDamaged) {
  Write(std::string("\x1F\x8B\x08\0\0\0\0\0\0\x03\x4B\x4C", 12));
  End();
  TextBlockReader reader = Reader();
  ExpectError(ExitCode::kData, {"the pipe", "gzip"}, [&] { reader.Next(&block_); });
}

}  // namespace
}  // namespace fathom
