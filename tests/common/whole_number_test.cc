#include "common/whole_number.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace fathom {
namespace {

TEST(WholeNumber, NothingElseMayStandInTheText) {
  EXPECT_EQ(WholeNumber<int>("17"), 17);
  EXPECT_EQ(WholeNumber<int>("-3"), -3);
  EXPECT_EQ(WholeNumber<std::uint64_t>("ff", 16), 255U);
  for (const char* const text : {"", " 1", "1 ", "+1", "1.0", "0x1", "x"})
    EXPECT_EQ(WholeNumber<int>(text), std::nullopt) << text;
  EXPECT_EQ(WholeNumber<std::uint64_t>("-1"), std::nullopt);
}

TEST(WholeNumber, OneOutOfRangeIsNone) {
  EXPECT_EQ(WholeNumber<std::uint64_t>("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(WholeNumber<std::uint64_t>("18446744073709551616"), std::nullopt);
}

}  // namespace
}  // namespace fathom
