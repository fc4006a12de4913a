#include "common/message/file_order.h"

#include <gtest/gtest.h>

#include "common/message/file_answer.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

TEST(FileOrder, RoundTrip) {
  for (std::uint8_t act = 0; act < kFileActs; ++act) {
    const FileOrder sent{.act = static_cast<FileAct>(act),
                         .name = "rows-07.12.bin",
                         .offset = std::uint64_t{1} << 40,
                         .bytes = {0, 255, act}};
    const FileOrder read = DecodeFileOrder(EncodeFileOrder(sent).bytes());
    EXPECT_EQ(read.act, sent.act);
    EXPECT_EQ(read.name, sent.name);
    EXPECT_EQ(read.offset, sent.offset);
    EXPECT_EQ(read.bytes, sent.bytes);
  }
}

TEST(FileOrder, OneThatMakesNoSenseIsRefused) {
  const FileOrder strange{.act = static_cast<FileAct>(kFileActs), .name = "dense.bin", .bytes = {}};
  ExpectError(ExitCode::kPeer, {"makes no sense"},
              [&] { DecodeFileOrder(EncodeFileOrder(strange).bytes()); });
  FileOrder long_one{.act = FileAct::kAppend, .name = "dense.bin", .bytes = {}};
  long_one.bytes.resize(kMaxOrderBytes);
  EXPECT_EQ(DecodeFileOrder(EncodeFileOrder(long_one).bytes()).bytes.size(), kMaxOrderBytes);
  long_one.bytes.push_back(0);
  ExpectError(ExitCode::kPeer, {"makes no sense"},
              [&] { DecodeFileOrder(EncodeFileOrder(long_one).bytes()); });
}

TEST(FileOrder, EveryPrefixIsRefused) {
  const Buffer whole = EncodeFileOrder({.act = FileAct::kAppend, .name = "a", .bytes = {1, 2}});
  for (std::size_t size = 0; size < whole.size(); ++size)
    ExpectError(ExitCode::kPeer, {"control message"},
                [&] { DecodeFileOrder(whole.bytes().first(size)); });
}

TEST(FileAnswer, RoundTrip) {
  for (const bool done : {false, true}) {
    const FileAnswer read =
        DecodeFileAnswer(EncodeFileAnswer({.done = done, .failure = "disk full"}).bytes());
    EXPECT_EQ(read.done, done);
    EXPECT_EQ(read.failure, "disk full");
  }
}

}  // namespace
}  // namespace fathom
