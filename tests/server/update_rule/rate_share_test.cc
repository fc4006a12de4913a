// A share of the learning rate changes a step as a rate of that size does, and FTRL's not at all.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "server/update_rule/update_rule.h"
#include "tests/support/optimizer_settings.h"

namespace fathom {
namespace {

constexpr std::size_t kDim = 19;

struct Weights {
  std::vector<float> values = std::vector<float>(kDim, 0.75F);
  std::vector<float> state = std::vector<float>(2 * kDim, 0.1F);
};

void Step(UpdateRule& rule, std::uint64_t step, bool row_wise, Weights* weights) {
  std::vector<float> gradients(kDim);
  for (std::size_t i = 0; i < kDim; ++i)
    gradients[i] = std::sin(1.7F * static_cast<float>(step) + 0.3F * static_cast<float>(i));
  if (row_wise) {
    rule.UpdateRow(step, gradients, weights->values.data(), weights->state.data());
  } else {
    rule.Update(step, gradients, weights->values.data(), weights->state.data(), kDim);
  }
}

std::unique_ptr<UpdateRule> WithRate(UpdateRuleKind rule, double rate) {
  return MakeUpdateRule(
      testing::Optimizer(OptimizerPart::kDeep, rule, {{"learning_rate", rate}}, 0.25));
}

void ExpectAsAnotherRate(UpdateRuleKind kind, bool row_wise) {
  const auto shared = WithRate(kind, 0.5);
  Weights with_share, with_rate;
  for (const std::uint64_t step : {0, 1, 2, 7}) {
    const double share = 1.0 / static_cast<double>(1 + step);
    shared->TakeShareOfRate(share);
    Step(*shared, step, row_wise, &with_share);
    Step(*WithRate(kind, 0.5 * share), step, row_wise, &with_rate);
    ASSERT_EQ(with_share.values, with_rate.values) << NameOf(kind) << " " << step;
    ASSERT_EQ(with_share.state, with_rate.state) << NameOf(kind) << " " << step;
  }
}

TEST(RateShare, IsARateOfThatSize) {
  ExpectAsAnotherRate(UpdateRuleKind::kAdaGrad, false);
  ExpectAsAnotherRate(UpdateRuleKind::kAdaGrad, true);
  ExpectAsAnotherRate(UpdateRuleKind::kAdam, false);
  ExpectAsAnotherRate(UpdateRuleKind::kSgd, false);
}

TEST(RateShare, FtrlHasNone) {
  const auto config = testing::Optimizer(OptimizerPart::kWide, UpdateRuleKind::kFtrl, {});
  const auto plain = MakeUpdateRule(config), shared = MakeUpdateRule(config);
  shared->TakeShareOfRate(0.125);
  Weights one, other;
  Step(*plain, 0, false, &one);
  Step(*shared, 0, false, &other);
  EXPECT_EQ(one.values, other.values);
}

}  // namespace
}  // namespace fathom
