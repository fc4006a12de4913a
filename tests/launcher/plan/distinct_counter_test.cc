#include "launcher/plan/distinct_counter.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace fathom {
namespace {

TEST(DistinctCounter, CountsToAPerCent) {
  for (const std::uint64_t distinct : {10, 1000, 100000, 3000000}) {
    DistinctCounter counter;
    for (std::uint64_t i = 0; i < 2 * distinct; ++i) counter.Add(i % distinct);
    EXPECT_NEAR(counter.Estimate(), static_cast<double>(distinct),
                0.015 * static_cast<double>(distinct))
        << distinct;
  }
}

}  // namespace
}  // namespace fathom
