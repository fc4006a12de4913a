#include "common/message/save_request.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

TEST(SaveRequest, RoundTrip) {
  for (const bool set : {false, true}) {
    for (int flag = 0; flag < 4; ++flag) {
      const SaveRequest sent{.kind = static_cast<SaveKind>(flag),
                             .has_base = (flag == 1) == set,
                             .base_step = set ? 77U : 0U,
                             .last = (flag == 2) == set};
      const SaveRequest read = DecodeSave(EncodeSave(sent).bytes());
      EXPECT_EQ(read.kind, sent.kind);
      EXPECT_EQ(read.has_base, sent.has_base);
      EXPECT_EQ(read.base_step, sent.base_step);
      EXPECT_EQ(read.last, sent.last);
    }
  }
}

TEST(SaveRequest, RefusesAnUnknownKind) {
  testing::ExpectError(ExitCode::kPeer, {"kind 4"}, [] {
    DecodeSave(EncodeSave({.kind = static_cast<SaveKind>(kSaveKinds)}).bytes());
  });
}

}  // namespace
}  // namespace fathom
