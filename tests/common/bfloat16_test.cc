#include "common/bfloat16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/random.h"

namespace fathom {
namespace {

TEST(Bfloat16, KnownValues) {
  EXPECT_EQ(ToBfloat16(0.0F), 0x0000);
  EXPECT_EQ(ToBfloat16(-0.0F), 0x8000);
  EXPECT_EQ(ToBfloat16(1.0F), 0x3F80);
  EXPECT_EQ(ToBfloat16(-2.0F), 0xC000);
  EXPECT_EQ(ToBfloat16(std::numeric_limits<float>::infinity()), 0x7F80);
  EXPECT_TRUE(std::isnan(RoundedToBfloat16(std::nanf(""))));
  EXPECT_TRUE(std::isnan(RoundedToBfloat16(std::bit_cast<float>(0x7F800001U))));
}

TEST(Bfloat16, TiesGoToEven) {
  const float ulp = 1.0F / 128;  // of numbers from 1 to 2
  EXPECT_EQ(RoundedToBfloat16(1 + ulp / 2), 1.0F);
  EXPECT_EQ(RoundedToBfloat16(1 + ulp + ulp / 2), 1 + 2 * ulp);
  EXPECT_EQ(RoundedToBfloat16(1 + ulp / 2 + ulp / 1024), 1 + ulp);
}

// The nearest of all bfloat16 values, found by trying the neighbours.
TEST(Bfloat16, IsTheNearest) {
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const auto bits = static_cast<std::uint32_t>(Mix64(1, i));
    const float value = std::bit_cast<float>(bits);
    if (!std::isfinite(value) || std::fabs(value) > 1e38F) continue;
    const std::uint16_t rounded = ToBfloat16(value);
    const double error = std::fabs(double{FromBfloat16(rounded)} - value);
    for (const int step : {-1, 1}) {
      const auto neighbour = static_cast<std::uint16_t>(rounded + step);
      if (!std::isfinite(FromBfloat16(neighbour))) continue;
      EXPECT_LE(error, std::fabs(double{FromBfloat16(neighbour)} - value)) << value;
    }
    EXPECT_EQ(ToBfloat16(FromBfloat16(rounded)), rounded) << "rounding twice changes nothing";
  }
}

// Of all 65,536 random numbers so many round up as the value's distance from below is.
TEST(Bfloat16, RoundsUpAtRandomAsOftenAsItIsNear) {
  const float ulp = 1.0F / 128;
  for (const auto& [value, share] :
       {std::pair{1.0F, 0.0}, std::pair{1 + ulp / 4, 0.25}, std::pair{-1 - ulp / 4, 0.25},
        std::pair{1.5F + 3 * ulp / 4, 0.75}}) {
    int away = 0;
    for (std::uint32_t random = 0; random < 65536; ++random) {
      const float rounded =
          FromBfloat16(RandomlyToBfloat16(value, static_cast<std::uint16_t>(random)));
      ASSERT_LT(std::fabs(rounded - value), ulp);
      away += std::fabs(rounded) > std::fabs(value) ? 1 : 0;
    }
    EXPECT_NEAR(away / 65536.0, share, 1e-4) << value;
  }
  for (const float value : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
    const float rounded = FromBfloat16(RandomlyToBfloat16(value, 0xFFFF));
    EXPECT_EQ(std::isnan(rounded), std::isnan(value));
    EXPECT_EQ(std::isinf(rounded), std::isinf(value));
  }
}

}  // namespace
}  // namespace fathom
