// FTRL-Proximal, per coordinate. McMahan et al., "Ad Click Prediction: a View from the Trenches",
// KDD 2013, algorithm 1.
//
// A coordinate keeps z, in its weight's place, and n; the weight is derived from them
// (common/config/ftrl_weight.h).
//   a gradient g:  sigma = (sqrt(n + g^2) - sqrt(n)) / alpha,  z += g - sigma w,  n += g^2
#include <cmath>

#include "common/config/ftrl_weight.h"
#include "common/vector_clones.h"
#include "server/update_rule/update_rule.h"

namespace fathom {
namespace {

class Ftrl final : public UpdateRule {
 public:
  explicit Ftrl(const OptimizerConfig& config) : weight_(config) {}

  // The steps are taken in double, as sigma is a small difference of large roots; z and n are
  // rounded to float, and sigma is that of the rounded n, so that all sigmas add up to sqrt(n).
  void Update(std::uint64_t, std::span<const float> gradients, float* z, float* n,
              std::size_t) override {
    UpdateElements(gradients, z, n);
  }

  void ReadWeights(std::span<const float* const> rows, float* weights) const override {
    DeriveWeights(rows, weights);
  }

  float InPlaceOf(float weight, const float* n) const override {
    return weight_.InPlaceOf(weight, *n);
  }

  double zero_bound() const override { return weight_.l1(); }

 private:
  FATHOM_VECTOR_CLONES
  void UpdateElements(std::span<const float> gradients, float* z, float* n) const {
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const double g = gradients[i];
      const float grown = static_cast<float>(n[i] + g * g);
      if (grown == 0) continue;  // g^2 is below the smallest float: no weight could be derived
      const double weight = weight_.Of(z[i], n[i]);
      const double sigma =
          (std::sqrt(static_cast<double>(grown)) - std::sqrt(static_cast<double>(n[i]))) /
          weight_.alpha();
      z[i] = static_cast<float>(z[i] + g - sigma * weight);
      n[i] = grown;
    }
  }

  FATHOM_VECTOR_CLONES
  void DeriveWeights(std::span<const float* const> rows, float* weights) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      weights[i] = rows[i] == nullptr ? 0 : weight_.Of(rows[i][0], rows[i][1]);
  }

  FtrlWeight weight_;
};

}  // namespace

std::unique_ptr<UpdateRule> MakeFtrl(const OptimizerConfig& config) {
  return std::make_unique<Ftrl>(config);
}

}  // namespace fathom
