// Adam (Kingma and Ba 2015, algorithm 1). With G = gradient + l2 * weight and t = step + 1:
//   m = beta1 m + (1 - beta1) G,   v = beta2 v + (1 - beta2) G^2
//   w -= rate * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)
//
// Of rows this is the lazy form: a step updates m, v and w of the rows that its batch names, and no
// others. t is the number of the step, also for a row that a batch names for the first time: so a
// row needs no counter of its own and every layout agrees. (PyTorch's SparseAdam counts so too.) A
// row that is first named late has an m and a v that are short of many steps: its first change is
// (1 - beta1) / sqrt(1 - beta2) times the rate, 3.2 with the defaults.
#include <cmath>

#include "common/vector_clones.h"
#include "server/update_rule/update_rule.h"

namespace fathom {
namespace {

// By squaring, since libraries' pow need not give the same bits on every processor.
double Power(double base, std::uint64_t exponent) {
  double power = 1;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) power *= base;
    base *= base;
  }
  return power;
}

class Adam final : public UpdateRule {
 public:
  explicit Adam(const OptimizerConfig& config)
      : learning_rate_(config["learning_rate"]),
        beta1_(config["beta1"]),
        beta2_(config["beta2"]),
        epsilon_(static_cast<float>(config["epsilon"])),
        l2_(static_cast<float>(config.l2)) {
    CorrectFor(0);
  }

  void Update(std::uint64_t step, std::span<const float> gradients, float* __restrict weights,
              float* __restrict state, std::size_t stride) override {
    if (step != step_) CorrectFor(step);
    UpdateElements(gradients, weights, state, state + stride);
  }

  void TakeShareOfRate(double share) override {
    share_ = share;
    CorrectFor(step_);
  }

 private:
  FATHOM_VECTOR_CLONES
  void UpdateElements(std::span<const float> gradients, float* __restrict weights,
                      float* __restrict m, float* __restrict v) const {
    const float* __restrict g = gradients.data();
    const auto keep1 = static_cast<float>(beta1_), take1 = static_cast<float>(1 - beta1_);
    const auto keep2 = static_cast<float>(beta2_), take2 = static_cast<float>(1 - beta2_);
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const float regularised = g[i] + l2_ * weights[i];
      m[i] = keep1 * m[i] + take1 * regularised;
      v[i] = keep2 * v[i] + take2 * (regularised * regularised);
      weights[i] -= rate_ * m[i] / (std::sqrt(v[i]) * root_scale_ + epsilon_);
    }
  }

  // The corrections of the means' bias towards the 0 that they began with.
  void CorrectFor(std::uint64_t step) {
    step_ = step;
    rate_ = static_cast<float>(learning_rate_ * share_ / (1 - Power(beta1_, step + 1)));
    root_scale_ = static_cast<float>(1 / std::sqrt(1 - Power(beta2_, step + 1)));
  }

  double learning_rate_;
  double share_ = 1;  // of the learning rate
  double beta1_;
  double beta2_;
  float epsilon_;
  float l2_;
  std::uint64_t step_ = 0;  // that these are for:
  float rate_ = 0;
  float root_scale_ = 0;
};

}  // namespace

std::unique_ptr<UpdateRule> MakeAdam(const OptimizerConfig& config) {
  return std::make_unique<Adam>(config);
}

}  // namespace fathom
