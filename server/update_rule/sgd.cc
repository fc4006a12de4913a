// Stochastic gradient descent. With G = gradient + l2 * weight:  w -= rate * G.
#include "server/update_rule/update_rule.h"

namespace fathom {
namespace {

class Sgd final : public UpdateRule {
 public:
  explicit Sgd(const OptimizerConfig& config)
      : learning_rate_(static_cast<float>(config["learning_rate"])),
        l2_(static_cast<float>(config.l2)) {}

  void Update(std::uint64_t, std::span<const float> gradients, float* __restrict weights, float*,
              std::size_t) override {
    const float* __restrict g = gradients.data();
    for (std::size_t i = 0; i < gradients.size(); ++i)
      weights[i] -= learning_rate_ * (g[i] + l2_ * weights[i]);
  }

 private:
  float learning_rate_;
  float l2_;
};

}  // namespace

std::unique_ptr<UpdateRule> MakeSgd(const OptimizerConfig& config) {
  return std::make_unique<Sgd>(config);
}

}  // namespace fathom
