// AdaGrad (Duchi, Hazan and Singer 2011): the update rule of the embeddings and of the dense
// parameters. With G = gradient + l2 * weight:
//   element-wise:  a_i += G_i^2;            w_i -= rate * G_i / sqrt(a_i)
//   row-wise:      a += mean over i of G_i^2;  w_i -= rate * G_i / sqrt(a)
// The sums are taken in one fixed order, whatever the vector width of the processor.
#pragma once

#include <cstddef>
#include <span>

namespace fathom {

class AdaGrad {
 public:
  AdaGrad(double learning_rate, double l2)
      : learning_rate_(static_cast<float>(learning_rate)), l2_(static_cast<float>(l2)) {}

  // One accumulator a weight.
  void UpdateElements(std::span<const float> gradients, float* weights, float* accumulators) const;

  // One accumulator for all the weights.
  void UpdateRow(std::span<const float> gradients, float* weights, float* accumulator) const;

 private:
  float learning_rate_;
  float l2_;
};

// Whether no value is infinite or not a number.
bool AllFinite(std::span<const float> values);

}  // namespace fathom
