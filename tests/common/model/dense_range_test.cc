#include "common/model/dense_range.h"

#include <gtest/gtest.h>

namespace fathom {
namespace {

TEST(DenseRange, CutsMultiplesOf16WithoutGaps) {
  for (const std::size_t floats : {0U, 16U, 32U, 160U, 4096U}) {
    for (int servers = 1; servers <= 7; ++servers) {
      std::size_t at = 0;
      for (int s = 0; s < servers; ++s) {
        const auto [first, end] = DenseRange(floats, s, servers);
        EXPECT_EQ(first, at);
        EXPECT_EQ(end % 16, 0U);
        at = end;
      }
      EXPECT_EQ(at, floats);
    }
  }
}

}  // namespace
}  // namespace fathom
