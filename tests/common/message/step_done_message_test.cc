#include "common/message/step_done_message.h"

#include <gtest/gtest.h>

#include "tests/common/message/payload_checks.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ExpectNoPartIsTaken;
using testing::ExpectTrailingByteIsRefused;
using testing::ToVector;

Buffer StepDone() {
  static const std::vector<double> losses = {1.5, 2.5};
  return EncodeStepDone({.first_slice = 3, .loss_sums = losses});
}

TEST(StepDone, RoundTrip) {
  const Buffer payload = StepDone();
  const StepDoneMessage read = DecodeStepDone(payload.bytes());
  EXPECT_EQ(read.first_slice, 3U);
  EXPECT_EQ(ToVector(read.loss_sums), (std::vector<double>{1.5, 2.5}));
}

TEST(StepDone, CutShortOrTooLong) {
  ExpectNoPartIsTaken(StepDone(), DecodeStepDone);
  ExpectTrailingByteIsRefused(StepDone(), DecodeStepDone);
}

TEST(StepDone, ClaimsMoreThanItHolds) {
  Buffer payload = StepDone();
  const std::uint32_t claim = ~std::uint32_t{0};
  std::memcpy(payload.data() + 8, &claim, sizeof(claim));
  ExpectError(ExitCode::kPeer, {"claims"}, [&] { DecodeStepDone(payload.bytes()); });
}

}  // namespace
}  // namespace fathom
