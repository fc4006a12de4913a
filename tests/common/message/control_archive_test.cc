#include "common/message/control_archive.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

// A length may be as large as the bytes that are left and still be too long for its elements.
TEST(ControlArchive, ClaimsWiderElementsThanBytesAreLeft) {
  ControlOutput archive;
  archive(std::vector<std::uint8_t>(16));
  Buffer message = archive.Take();
  std::vector<std::uint64_t> numbers;
  ExpectError(ExitCode::kPeer, {"too early"}, [&] { ControlInput(message.bytes())(numbers); });
}

}  // namespace
}  // namespace fathom
