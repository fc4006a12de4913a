#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "server/update_rule/update_rule.h"
#include "tests/support/optimizer_settings.h"

namespace fathom {
namespace {

TEST(Sgd, TwentyStepsInDouble) {
  for (const double l2 : {0.0, 0.5}) {
    constexpr std::size_t kDim = 19;
    const auto sgd = MakeUpdateRule(testing::Optimizer(OptimizerPart::kDense, UpdateRuleKind::kSgd,
                                                       {{"learning_rate", 0.125}}, l2));
    std::vector<float> weights(kDim, 0.75F);
    std::vector<double> expected(kDim, 0.75);
    for (int step = 0; step < 20; ++step) {
      std::vector<float> gradients(kDim);
      for (std::size_t i = 0; i < kDim; ++i) {
        gradients[i] = static_cast<float>(std::sin(1.7 * step + 0.3 * static_cast<double>(i)));
        expected[i] -= 0.125 * (gradients[i] + l2 * expected[i]);
      }
      sgd->Update(static_cast<std::uint64_t>(step), gradients, weights.data(), nullptr, kDim);
      for (std::size_t i = 0; i < kDim; ++i)
        ASSERT_NEAR(weights[i], expected[i], 2e-6) << l2 << " " << step << " " << i;
    }
  }
}

}  // namespace
}  // namespace fathom
