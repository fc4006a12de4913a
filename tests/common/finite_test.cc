#include "common/finite.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace fathom {
namespace {

TEST(AllFinite, FindsWhatIsNot) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(AllFinite({}));
  EXPECT_TRUE(AllFinite(std::vector<float>{0, -1, std::numeric_limits<float>::max(), 1e-45F}));
  for (const float bad :
       {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(), -std::nanf("")}) {
    for (std::size_t place = 0; place < 40; ++place) {
      std::vector<float> values(40, 1);
      values[place] = bad;
      EXPECT_FALSE(AllFinite(values)) << bad << " at " << place;
    }
  }
}

TEST(MayBeNumbers, FindsWhatIsTooLarge) {
  EXPECT_TRUE(MayBeNumbers(std::vector<float>{0, -kMaxNumber, kMaxNumber, 1e-45F}));
  for (const float bad : {1.01F * kMaxNumber, -1e30F, std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()})
    EXPECT_FALSE(MayBeNumbers(std::vector<float>{1, bad, 2})) << bad;
}

}  // namespace
}  // namespace fathom
