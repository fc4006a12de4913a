#include "server/update_rule/ftrl.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fathom {
namespace {

TEST(Ftrl, TwoStepsByHand) {
  const Ftrl ftrl({.alpha = 0.5, .beta = 1, .l1 = 1, .l2 = 2});
  float z = 0;
  float n = 0;
  // Step 1: w = 0, so z = g = 3, n = 9.
  ftrl.Update(3, &z, &n);
  EXPECT_FLOAT_EQ(z, 3);
  EXPECT_FLOAT_EQ(n, 9);
  // w = -(3 - 1) / ((1 + 3) / 0.5 + 2) = -0.2
  EXPECT_FLOAT_EQ(ftrl.Weight(z, n), -0.2F);
  // Step 2: sigma = (sqrt(25) - sqrt(9)) / 0.5 = 4, z = 3 - 4 - 4 * -0.2 = -0.2.
  ftrl.Update(-4, &z, &n);
  EXPECT_NEAR(z, -0.2, 1e-6);
  EXPECT_FLOAT_EQ(n, 25);
  EXPECT_EQ(ftrl.Weight(z, n), 0);  // |z| <= l1
}

TEST(Ftrl, NegativeZGivesPositiveWeight) {
  const Ftrl ftrl({.alpha = 0.5, .beta = 1, .l1 = 1, .l2 = 2});
  EXPECT_FLOAT_EQ(ftrl.Weight(-3, 9), 0.2F);
}

TEST(Ftrl, WeightIsExactlyZeroUpToL1) {
  const Ftrl ftrl({.alpha = 0.1, .beta = 1, .l1 = 0.5, .l2 = 0});
  EXPECT_EQ(ftrl.Weight(0.5F, 4), 0);
  EXPECT_EQ(ftrl.Weight(-0.5F, 4), 0);
  EXPECT_LT(ftrl.Weight(0.5001F, 4), 0);
  EXPECT_GT(ftrl.Weight(-0.5001F, 4), 0);
}

TEST(Ftrl, NewRowHasWeightZero) {
  const Ftrl ftrl({.alpha = 0.1, .beta = 0, .l1 = 0, .l2 = 0});
  EXPECT_EQ(ftrl.Weight(0, 0), 0);
}

TEST(Ftrl, VanishingGradientLeavesAFiniteWeight) {
  const Ftrl ftrl({.alpha = 0.1, .beta = 0, .l1 = 0, .l2 = 0});
  float z = 0;
  float n = 0;
  ftrl.Update(1e-30F, &z, &n);  // its square is no float
  EXPECT_TRUE(std::isfinite(ftrl.Weight(z, n)));
}

// With l1 = l2 = 0 FTRL-Proximal is gradient descent with the rates alpha / (beta + sqrt(n)).
TEST(Ftrl, WithoutPenaltiesItIsAdaptiveGradientDescent) {
  constexpr double kAlpha = 0.3;
  const Ftrl ftrl({.alpha = kAlpha, .beta = 0, .l1 = 0, .l2 = 0});
  float z = 0;
  float n = 0;
  double weight = 0;
  double squares = 0;
  for (int step = 1; step <= 50; ++step) {
    const double g = std::sin(step * 1.7);
    squares += g * g;
    weight -= kAlpha / std::sqrt(squares) * g;
    ftrl.Update(static_cast<float>(g), &z, &n);
    EXPECT_NEAR(ftrl.Weight(z, n), weight, 1e-5) << "step " << step;
  }
}

}  // namespace
}  // namespace fathom
