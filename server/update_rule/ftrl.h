// FTRL-Proximal, per coordinate: the update rule of the wide weights.
// McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013, algorithm 1.
//
// A coordinate keeps z and n; its weight is derived from them:
//   w = 0                                                          where |z| <= l1
//   w = -(z - sign(z) l1) / ((beta + sqrt(n)) / alpha + l2)        elsewhere
//   a gradient g:  sigma = (sqrt(n + g^2) - sqrt(n)) / alpha,  z += g - sigma w,  n += g^2
#pragma once

#include <cmath>

#include "common/config/config.h"

namespace fathom {

class Ftrl {
 public:
  explicit Ftrl(const WideConfig& config)
      : alpha_(config.alpha), beta_(config.beta), l1_(config.l1), l2_(config.l2) {}

  // Whether the weight is 0, by L1.
  bool IsZero(float z) const { return std::abs(z) <= l1_; }

  float Weight(float z, float n) const {
    if (IsZero(z)) return 0;
    const double shrunk = z - std::copysign(l1_, static_cast<double>(z));
    const double rate = (beta_ + std::sqrt(static_cast<double>(n))) / alpha_ + l2_;
    return static_cast<float>(-shrunk / rate);
  }

  // The z that gives this weight while n = 0. beta or l2 must not be 0.
  float InitialZ(float weight) const {
    if (weight == 0) return 0;
    const double w = weight;
    return static_cast<float>(-w * (beta_ / alpha_ + l2_) - std::copysign(l1_, w));
  }

  // The steps are taken in double, as sigma is a small difference of large roots; z and n are
  // rounded to float, and sigma is that of the rounded n, so that all sigmas add up to sqrt(n).
  void Update(float gradient, float* z, float* n) const {
    const double g = gradient;
    const float grown = static_cast<float>(*n + g * g);
    if (grown == 0) return;  // g^2 is below the smallest float: no weight could be derived
    const double weight = Weight(*z, *n);
    const double sigma =
        (std::sqrt(static_cast<double>(grown)) - std::sqrt(static_cast<double>(*n))) / alpha_;
    *z = static_cast<float>(*z + g - sigma * weight);
    *n = grown;
  }

 private:
  double alpha_;
  double beta_;
  double l1_;
  double l2_;
};

}  // namespace fathom
