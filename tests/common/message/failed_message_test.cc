#include "common/message/failed_message.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

TEST(FailedMessage, RoundTrip) {
  const std::string what("step 3: not finite \n\0x", 22);
  const FailedMessage read = DecodeFailed(EncodeFailed({.exit_code = 7, .what = what}).bytes());
  EXPECT_EQ(read.exit_code, 7);
  EXPECT_EQ(read.what, what);
}

// Whoever hears of it would end with 0, as if all were well.
TEST(FailedMessage, ExitCodeOfNoFailure) {
  for (const int code : {0, -1, 8, 256}) {
    const Buffer message = EncodeFailed({.exit_code = code, .what = "the disk is full"});
    ExpectError(ExitCode::kPeer, {"stands for no failure", "the disk is full"},
                [&] { DecodeFailed(message.bytes()); });
  }
}

TEST(FailedMessage, CutShort) {
  const Buffer whole = EncodeFailed({.exit_code = 7, .what = "lost"});
  const auto part = whole.bytes().first(whole.size() - 1);
  ExpectError(ExitCode::kPeer, {"control message"}, [&] { DecodeFailed(part); });
}

}  // namespace
}  // namespace fathom
