// Stochastic gradient descent. With G = gradient + l2 * weight:  w -= rate * G.
#include "common/vector_clones.h"
#include "server/update_rule/update_rule.h"

namespace fathom {
namespace {

FATHOM_VECTOR_CLONES
void UpdateElements(std::span<const float> gradients, float rate, float l2,
                    float* __restrict weights) {
  const float* __restrict g = gradients.data();
  for (std::size_t i = 0; i < gradients.size(); ++i) weights[i] -= rate * (g[i] + l2 * weights[i]);
}

class Sgd final : public UpdateRule {
 public:
  explicit Sgd(const OptimizerConfig& config)
      : full_rate_(config["learning_rate"]),
        learning_rate_(static_cast<float>(full_rate_)),
        l2_(static_cast<float>(config.l2)) {}

  void Update(std::uint64_t, std::span<const float> gradients, float* weights, float*,
              std::size_t) override {
    UpdateElements(gradients, learning_rate_, l2_, weights);
  }

  void TakeShareOfRate(double share) override {
    learning_rate_ = static_cast<float>(full_rate_ * share);
  }

 private:
  double full_rate_;
  float learning_rate_;
  float l2_;
};

}  // namespace

std::unique_ptr<UpdateRule> MakeSgd(const OptimizerConfig& config) {
  return std::make_unique<Sgd>(config);
}

}  // namespace fathom
