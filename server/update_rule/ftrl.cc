// FTRL-Proximal, per coordinate. McMahan et al., "Ad Click Prediction: a View from the Trenches",
// KDD 2013, algorithm 1.
//
// A coordinate keeps z, in its weight's place, and n; the weight is derived from them:
//   w = 0                                                          where |z| <= l1
//   w = -(z - sign(z) l1) / ((beta + sqrt(n)) / alpha + l2)        elsewhere
//   a gradient g:  sigma = (sqrt(n + g^2) - sqrt(n)) / alpha,  z += g - sigma w,  n += g^2
#include <cmath>

#include "common/vector_clones.h"
#include "server/update_rule/update_rule.h"

namespace fathom {
namespace {

class Ftrl final : public UpdateRule {
 public:
  explicit Ftrl(const OptimizerConfig& config)
      : alpha_(config["alpha"]), beta_(config["beta"]), l1_(config["l1"]), l2_(config.l2) {}

  // The steps are taken in double, as sigma is a small difference of large roots; z and n are
  // rounded to float, and sigma is that of the rounded n, so that all sigmas add up to sqrt(n).
  void Update(std::uint64_t, std::span<const float> gradients, float* z, float* n,
              std::size_t) override {
    UpdateElements(gradients, z, n);
  }

  void ReadWeights(std::span<const float* const> rows, float* weights) const override {
    DeriveWeights(rows, weights);
  }

  // The z that gives this weight beside this n. Where n = 0, beta or l2 must not be 0.
  float InPlaceOf(float weight, const float* n) const override {
    if (weight == 0) return 0;
    const double w = weight;
    return static_cast<float>(-w * Rate(*n) - std::copysign(l1_, w));
  }

  double zero_bound() const override { return l1_; }

 private:
  FATHOM_VECTOR_CLONES
  void UpdateElements(std::span<const float> gradients, float* z, float* n) const {
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const double g = gradients[i];
      const float grown = static_cast<float>(n[i] + g * g);
      if (grown == 0) continue;  // g^2 is below the smallest float: no weight could be derived
      const double weight = Weight(z[i], n[i]);
      const double sigma =
          (std::sqrt(static_cast<double>(grown)) - std::sqrt(static_cast<double>(n[i]))) / alpha_;
      z[i] = static_cast<float>(z[i] + g - sigma * weight);
      n[i] = grown;
    }
  }

  FATHOM_VECTOR_CLONES
  void DeriveWeights(std::span<const float* const> rows, float* weights) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      weights[i] = rows[i] == nullptr ? 0 : Weight(rows[i][0], rows[i][1]);
  }

  float Weight(float z, float n) const {
    if (std::abs(z) <= l1_) return 0;
    const double shrunk = z - std::copysign(l1_, static_cast<double>(z));
    return static_cast<float>(-shrunk / Rate(n));
  }

  double Rate(float n) const { return (beta_ + std::sqrt(static_cast<double>(n))) / alpha_ + l2_; }

  double alpha_;
  double beta_;
  double l1_;
  double l2_;
};

}  // namespace

std::unique_ptr<UpdateRule> MakeFtrl(const OptimizerConfig& config) {
  return std::make_unique<Ftrl>(config);
}

}  // namespace fathom
