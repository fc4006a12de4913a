#include "common/message/save_request.h"

#include <gtest/gtest.h>

namespace fathom {
namespace {

TEST(SaveRequest, RoundTrip) {
  for (const bool set : {false, true}) {
    for (int flag = 0; flag < 3; ++flag) {
      const SaveRequest sent{.checkpoint = (flag == 0) == set,
                             .has_base = (flag == 1) == set,
                             .base_step = set ? 77U : 0U,
                             .last = (flag == 2) == set};
      const SaveRequest read = DecodeSave(EncodeSave(sent).bytes());
      EXPECT_EQ(read.checkpoint, sent.checkpoint);
      EXPECT_EQ(read.has_base, sent.has_base);
      EXPECT_EQ(read.base_step, sent.base_step);
      EXPECT_EQ(read.last, sent.last);
    }
  }
}

}  // namespace
}  // namespace fathom
