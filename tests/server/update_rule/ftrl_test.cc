#include <gtest/gtest.h>

#include <cmath>

#include "server/update_rule/update_rule.h"
#include "tests/support/optimizer_settings.h"

namespace fathom {
namespace {

class Ftrl {
 public:
  Ftrl(double alpha, double beta, double l1, double l2)
      : rule_(MakeUpdateRule(testing::Optimizer(OptimizerPart::kWide, UpdateRuleKind::kFtrl,
                                                {{"alpha", alpha}, {"beta", beta}, {"l1", l1}},
                                                l2))) {}

  void Update(float gradient, float* z, float* n) const {
    rule_->Update(0, {&gradient, 1}, z, n, 1);
  }
  float Weight(float z, float n) const {
    const float row[] = {z, n};
    const float* const rows[] = {row};
    float weight = 0;
    rule_->ReadWeights(rows, &weight);
    return weight;
  }
  const UpdateRule& rule() const { return *rule_; }

 private:
  std::unique_ptr<UpdateRule> rule_;
};

TEST(Ftrl, TwoStepsByHand) {
  const Ftrl ftrl(0.5, 1, 1, 2);
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
  const Ftrl ftrl(0.5, 1, 1, 2);
  EXPECT_FLOAT_EQ(ftrl.Weight(-3, 9), 0.2F);
}

TEST(Ftrl, WeightIsExactlyZeroUpToL1) {
  const Ftrl ftrl(0.1, 1, 0.5, 0);
  EXPECT_EQ(ftrl.Weight(0.5F, 4), 0);
  EXPECT_EQ(ftrl.Weight(-0.5F, 4), 0);
  EXPECT_LT(ftrl.Weight(0.5001F, 4), 0);
  EXPECT_GT(ftrl.Weight(-0.5001F, 4), 0);
}

TEST(Ftrl, AWeightAndWhatStandsInItsPlace) {
  const Ftrl ftrl(0.1, 1, 0.5, 2);
  EXPECT_EQ(ftrl.rule().zero_bound(), 0.5);
  for (const float n : {0.0F, 7.0F}) {
    for (const float weight : {0.0F, 0.25F, -3.0F})
      EXPECT_FLOAT_EQ(ftrl.Weight(ftrl.rule().InPlaceOf(weight, &n), n), weight);
  }
}

TEST(Ftrl, NewRowHasWeightZero) {
  const Ftrl ftrl(0.1, 0, 0, 0);
  EXPECT_EQ(ftrl.Weight(0, 0), 0);
}

TEST(Ftrl, VanishingGradientLeavesAFiniteWeight) {
  const Ftrl ftrl(0.1, 0, 0, 0);
  float z = 0;
  float n = 0;
  ftrl.Update(1e-30F, &z, &n);  // its square is no float
  EXPECT_TRUE(std::isfinite(ftrl.Weight(z, n)));
}

// With l1 = l2 = 0 FTRL-Proximal is gradient descent with the rates alpha / (beta + sqrt(n)).
TEST(Ftrl, WithoutPenaltiesItIsAdaptiveGradientDescent) {
  constexpr double kAlpha = 0.3;
  const Ftrl ftrl(kAlpha, 0, 0, 0);
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
