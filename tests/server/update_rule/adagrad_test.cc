#include "server/update_rule/adagrad.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace fathom {
namespace {

TEST(AdaGrad, ElementsByHand) {
  const AdaGrad adagrad(0.5, 0);
  std::vector<float> weights = {1, 2};
  std::vector<float> accumulators = {7, 0};
  adagrad.UpdateElements(std::vector<float>{3, -2}, weights.data(), accumulators.data());
  EXPECT_FLOAT_EQ(accumulators[0], 16);
  EXPECT_FLOAT_EQ(weights[0], 1 - 0.5F * 3 / 4);
  EXPECT_FLOAT_EQ(accumulators[1], 4);
  EXPECT_FLOAT_EQ(weights[1], 2 + 0.5F);
}

TEST(AdaGrad, RowByHand) {
  const AdaGrad adagrad(0.5, 0);
  std::vector<float> weights = {1, 2};
  float accumulator = 2.5F;
  adagrad.UpdateRow(std::vector<float>{3, -2}, weights.data(), &accumulator);
  EXPECT_FLOAT_EQ(accumulator, 9);  // 2.5 + (9 + 4) / 2
  EXPECT_FLOAT_EQ(weights[0], 1 - 0.5F / 3 * 3);
  EXPECT_FLOAT_EQ(weights[1], 2 + 0.5F / 3 * 2);
}

TEST(AdaGrad, L2PullsTheWeightsTowardsZero) {
  const AdaGrad adagrad(1, 0.5);
  std::vector<float> elements = {4};
  std::vector<float> accumulators = {5};
  adagrad.UpdateElements(std::vector<float>{0}, elements.data(), accumulators.data());
  EXPECT_FLOAT_EQ(accumulators[0], 9);  // 5 + (0.5 * 4)^2
  EXPECT_FLOAT_EQ(elements[0], 4 - 2.0F / 3);

  std::vector<float> row = {4, -4};
  float accumulator = 5;
  adagrad.UpdateRow(std::vector<float>{0, 0}, row.data(), &accumulator);
  EXPECT_FLOAT_EQ(accumulator, 9);
  EXPECT_FLOAT_EQ(row[0], 4 - 2.0F / 3);
  EXPECT_FLOAT_EQ(row[1], -4 + 2.0F / 3);
}

// Every dimension: whole vectors, tails, and both together.
TEST(AdaGrad, RowOfAnyDimension) {
  for (std::size_t dim = 1; dim <= 70; ++dim) {
    std::vector<float> gradient(dim);
    std::vector<float> weights(dim, 1);
    double squares = 0;
    for (std::size_t i = 0; i < dim; ++i) {
      gradient[i] = static_cast<float>(std::cos(static_cast<double>(i)));
      squares += static_cast<double>(gradient[i]) * gradient[i];
    }
    float accumulator = 0.25F;
    AdaGrad(0.1, 0).UpdateRow(gradient, weights.data(), &accumulator);
    EXPECT_NEAR(accumulator, 0.25 + squares / static_cast<double>(dim), 1e-6) << dim;
    for (std::size_t i = 0; i < dim; ++i) {
      EXPECT_NEAR(weights[i], 1 - 0.1 * gradient[i] / std::sqrt(accumulator), 1e-6)
          << dim << " " << i;
    }
  }
}

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

}  // namespace
}  // namespace fathom
