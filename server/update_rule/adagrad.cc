// AdaGrad (Duchi, Hazan and Singer 2011). With G = gradient + l2 * weight:
//   element-wise:  a_i += G_i^2;            w_i -= rate * G_i / sqrt(a_i)
//   row-wise:      a += mean over i of G_i^2;  w_i -= rate * G_i / sqrt(a)
// The sums are taken in one fixed order, whatever the vector width of the processor.
#include <cmath>

#include "common/vector_clones.h"
#include "server/update_rule/update_rule.h"

namespace fathom {
namespace {

// A sum of squares is kept in this many lanes, element i in lane i modulo kLanes.
constexpr std::size_t kLanes = 16;

inline float SumOfSquares(std::span<const float> gradients, const float* weights, float l2) {
  float lanes[kLanes] = {};
  const float* g = gradients.data();
  std::size_t i = 0;
  for (; i + kLanes <= gradients.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const float regularised = g[i + lane] + l2 * weights[i + lane];
      lanes[lane] += regularised * regularised;
    }
  }
  for (std::size_t lane = 0; i < gradients.size(); ++i, ++lane) {
    const float regularised = g[i] + l2 * weights[i];
    lanes[lane] += regularised * regularised;
  }
  for (std::size_t width = kLanes / 2; width > 0; width /= 2) {
    for (std::size_t lane = 0; lane < width; ++lane) lanes[lane] += lanes[lane + width];
  }
  return lanes[0];
}

FATHOM_VECTOR_CLONES
void UpdateElements(std::span<const float> gradients, float rate, float l2,
                    float* __restrict weights, float* __restrict accumulators) {
  const float* __restrict g = gradients.data();
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const float regularised = g[i] + l2 * weights[i];
    accumulators[i] += regularised * regularised;
    weights[i] -= rate * regularised / std::sqrt(accumulators[i]);
  }
}

FATHOM_VECTOR_CLONES
void UpdateWholeRow(std::span<const float> gradients, float learning_rate, float l2,
                    float* __restrict weights, float* __restrict accumulator) {
  const float* __restrict g = gradients.data();
  *accumulator += SumOfSquares(gradients, weights, l2) / static_cast<float>(gradients.size());
  const float rate = learning_rate / std::sqrt(*accumulator);
  for (std::size_t i = 0; i < gradients.size(); ++i) weights[i] -= rate * (g[i] + l2 * weights[i]);
}

class AdaGrad final : public UpdateRule {
 public:
  explicit AdaGrad(const OptimizerConfig& config)
      : full_rate_(config["learning_rate"]),
        learning_rate_(static_cast<float>(full_rate_)),
        initial_accumulator_(static_cast<float>(config["initial_accumulator"])),
        l2_(static_cast<float>(config.l2)) {}

  void Update(std::uint64_t, std::span<const float> gradients, float* __restrict weights,
              float* __restrict accumulators, std::size_t) override {
    UpdateElements(gradients, learning_rate_, l2_, weights, accumulators);
  }

  void UpdateRow(std::uint64_t, std::span<const float> gradients, float* __restrict weights,
                 float* __restrict accumulator) override {
    UpdateWholeRow(gradients, learning_rate_, l2_, weights, accumulator);
  }

  void TakeShareOfRate(double share) override {
    learning_rate_ = static_cast<float>(full_rate_ * share);
  }

  float initial_state() const override { return initial_accumulator_; }

 private:
  double full_rate_;
  float learning_rate_;
  float initial_accumulator_;
  float l2_;
};

}  // namespace

std::unique_ptr<UpdateRule> MakeAdaGrad(const OptimizerConfig& config) {
  return std::make_unique<AdaGrad>(config);
}

}  // namespace fathom
