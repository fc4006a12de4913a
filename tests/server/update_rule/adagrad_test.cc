#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "server/update_rule/update_rule.h"
#include "tests/support/optimizer_settings.h"

namespace fathom {
namespace {

std::unique_ptr<UpdateRule> AdaGrad(double rate, double l2) {
  return MakeUpdateRule(testing::Optimizer(OptimizerPart::kDeep, UpdateRuleKind::kAdaGrad,
                                           {{"learning_rate", rate}}, l2));
}

TEST(AdaGrad, ElementsByHand) {
  std::vector<float> weights = {1, 2};
  std::vector<float> accumulators = {7, 0};
  AdaGrad(0.5, 0)->Update(0, std::vector<float>{3, -2}, weights.data(), accumulators.data(), 2);
  EXPECT_FLOAT_EQ(accumulators[0], 16);
  EXPECT_FLOAT_EQ(weights[0], 1 - 0.5F * 3 / 4);
  EXPECT_FLOAT_EQ(accumulators[1], 4);
  EXPECT_FLOAT_EQ(weights[1], 2 + 0.5F);
}

TEST(AdaGrad, RowByHand) {
  std::vector<float> weights = {1, 2};
  float accumulator = 2.5F;
  AdaGrad(0.5, 0)->UpdateRow(0, std::vector<float>{3, -2}, weights.data(), &accumulator);
  EXPECT_FLOAT_EQ(accumulator, 9);  // 2.5 + (9 + 4) / 2
  EXPECT_FLOAT_EQ(weights[0], 1 - 0.5F / 3 * 3);
  EXPECT_FLOAT_EQ(weights[1], 2 + 0.5F / 3 * 2);
}

TEST(AdaGrad, L2PullsTheWeightsTowardsZero) {
  const auto adagrad = AdaGrad(1, 0.5);
  std::vector<float> elements = {4};
  std::vector<float> accumulators = {5};
  adagrad->Update(0, std::vector<float>{0}, elements.data(), accumulators.data(), 1);
  EXPECT_FLOAT_EQ(accumulators[0], 9);  // 5 + (0.5 * 4)^2
  EXPECT_FLOAT_EQ(elements[0], 4 - 2.0F / 3);

  std::vector<float> row = {4, -4};
  float accumulator = 5;
  adagrad->UpdateRow(0, std::vector<float>{0, 0}, row.data(), &accumulator);
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
    AdaGrad(0.1, 0)->UpdateRow(0, gradient, weights.data(), &accumulator);
    EXPECT_NEAR(accumulator, 0.25 + squares / static_cast<double>(dim), 1e-6) << dim;
    for (std::size_t i = 0; i < dim; ++i) {
      EXPECT_NEAR(weights[i], 1 - 0.1 * gradient[i] / std::sqrt(accumulator), 1e-6)
          << dim << " " << i;
    }
  }
}

}  // namespace
}  // namespace fathom
