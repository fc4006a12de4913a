#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "server/update_rule/update_rule.h"
#include "tests/support/optimizer_settings.h"

namespace fathom {
namespace {

const testing::GivenSettings kSettings = {
    {"learning_rate", 0.05}, {"beta1", 0.8}, {"beta2", 0.95}, {"epsilon", 1e-3}};

// Algorithm 1 of Kingma and Ba 2015, line by line, in double; t from 1.
struct ReferenceAdam {
  double l2 = 0;
  double w = 0, m = 0, v = 0;

  void Step(int t, double gradient) {
    const double g = gradient + l2 * w;
    m = 0.8 * m + 0.2 * g;
    v = 0.95 * v + 0.05 * g * g;
    const double m_hat = m / (1 - std::pow(0.8, t));
    const double v_hat = v / (1 - std::pow(0.95, t));
    w -= 0.05 * m_hat / (std::sqrt(v_hat) + 1e-3);
  }
};

double GradientAt(int step, std::size_t i) {
  return std::sin(1.7 * step + 0.3 * static_cast<double>(i)) * (i % 3 == 0 ? 0.01 : 2);
}

// Dimensions of whole vectors, tails, and both; state arrays further apart than the weights.
TEST(Adam, TwentyStepsAgainstAlgorithm1) {
  for (const std::size_t dim : {1, 5, 16, 35}) {
    for (const double l2 : {0.0, 0.3}) {
      const auto adam = MakeUpdateRule(
          testing::Optimizer(OptimizerPart::kDeep, UpdateRuleKind::kAdam, kSettings, l2));
      const std::size_t stride = dim + 3;
      std::vector<float> weights(dim), state(2 * stride, adam->initial_state());
      std::vector<ReferenceAdam> expected(dim, {.l2 = l2});
      for (std::size_t i = 0; i < dim; ++i) {
        weights[i] = static_cast<float>(0.1 * std::cos(static_cast<double>(i)));
        expected[i].w = weights[i];
      }
      for (int step = 0; step < 20; ++step) {
        std::vector<float> gradients(dim);
        for (std::size_t i = 0; i < dim; ++i) {
          gradients[i] = static_cast<float>(GradientAt(step, i));
          expected[i].Step(step + 1, gradients[i]);
        }
        adam->Update(static_cast<std::uint64_t>(step), gradients, weights.data(), state.data(),
                     stride);
        for (std::size_t i = 0; i < dim; ++i) {
          ASSERT_NEAR(weights[i], expected[i].w, 2e-6) << dim << " " << step << " " << i;
          ASSERT_NEAR(state[i], expected[i].m, 2e-6) << dim << " " << step << " " << i;
          ASSERT_NEAR(state[stride + i], expected[i].v, 2e-6) << dim << " " << step << " " << i;
        }
      }
      for (std::size_t i = dim; i < stride; ++i) EXPECT_EQ(state[i], 0);
    }
  }
}

// The first step changes a weight by the rate, whatever the gradient's size.
TEST(Adam, TheFirstStepIsTheRate) {
  const auto adam = MakeUpdateRule(
      testing::Optimizer(OptimizerPart::kWide, UpdateRuleKind::kAdam, {{"learning_rate", 0.25}}));
  for (const float gradient : {1e-3F, -70.0F}) {
    float weight = 1, state[2] = {};
    adam->Update(0, {&gradient, 1}, &weight, state, 1);
    EXPECT_NEAR(weight, gradient > 0 ? 0.75 : 1.25, 1e-4);
  }
}

// The lazy form: the correction goes by the step's number, not by how often the row was named.
TEST(Adam, TheStepNumberAloneCorrectsTheBias) {
  const auto optimizer = testing::Optimizer(OptimizerPart::kWide, UpdateRuleKind::kAdam, kSettings);
  const auto busy = MakeUpdateRule(optimizer), fresh = MakeUpdateRule(optimizer);
  const float gradient = 0.5F;
  float other = 0, other_state[2] = {};
  for (std::uint64_t step = 0; step < 30; ++step)
    busy->Update(step, {&gradient, 1}, &other, other_state, 1);
  float a = 0, a_state[2] = {}, b = 0, b_state[2] = {};
  busy->Update(7, {&gradient, 1}, &a, a_state, 1);  // an earlier step, as async trains it
  fresh->Update(7, {&gradient, 1}, &b, b_state, 1);
  EXPECT_EQ(a, b);
  const double m_hat = 0.2 * 0.5 / (1 - std::pow(0.8, 8));
  const double v_hat = 0.05 * 0.25 / (1 - std::pow(0.95, 8));
  EXPECT_NEAR(b, -0.05 * m_hat / (std::sqrt(v_hat) + 1e-3), 1e-7);
}

TEST(Adam, ManyStepsLeaveNoCorrection) {
  const auto adam =
      MakeUpdateRule(testing::Optimizer(OptimizerPart::kWide, UpdateRuleKind::kAdam, kSettings));
  const float gradient = 1;
  float weight = 0, state[2] = {};
  adam->Update(std::uint64_t{1} << 40, {&gradient, 1}, &weight, state, 1);
  EXPECT_NEAR(weight, -0.05 * 0.2 / (std::sqrt(0.05) + 1e-3), 1e-7);
}

}  // namespace
}  // namespace fathom
