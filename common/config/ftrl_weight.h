// The weight that FTRL-Proximal derives from what a row keeps, z and n (McMahan et al., "Ad Click
// Prediction: a View from the Trenches", KDD 2013, algorithm 1):
//   w = 0                                                          where |z| <= l1
//   w = -(z - sign(z) l1) / ((beta + sqrt(n)) / alpha + l2)        elsewhere
// Servers and whoever scores from a model's files derive it here, so that both get the same bits.
#pragma once

#include <cmath>

#include "common/config/optimizer_config.h"

namespace fathom {

class FtrlWeight {
 public:
  explicit FtrlWeight(const OptimizerConfig& config)
      : alpha_(config["alpha"]), beta_(config["beta"]), l1_(config["l1"]), l2_(config.l2) {}

  float Of(float z, float n) const {
    if (std::abs(z) <= l1_) return 0;
    const double shrunk = z - std::copysign(l1_, static_cast<double>(z));
    return static_cast<float>(-shrunk / Rate(n));
  }

  // The z that gives this weight beside this n. Where n = 0, beta or l2 must not be 0.
  float InPlaceOf(float weight, float n) const {
    if (weight == 0) return 0;
    const double w = weight;
    return static_cast<float>(-w * Rate(n) - std::copysign(l1_, w));
  }

  double alpha() const { return alpha_; }
  double l1() const { return l1_; }

 private:
  double Rate(float n) const { return (beta_ + std::sqrt(static_cast<double>(n))) / alpha_ + l2_; }

  double alpha_;
  double beta_;
  double l1_;
  double l2_;
};

}  // namespace fathom
