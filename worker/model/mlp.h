// The deep part above its first layer: ReLU, fully connected ReLU layers and a linear one
// (Cheng et al. 2016, section 3.2), forward and backward on one slice.
#pragma once

#include <vector>

#include "common/aligned_vector.h"
#include "common/model/model_spec.h"

namespace fathom {

// Thread rule: a thread's own; it keeps the activations between Forward and Backward.
class Mlp {
 public:
  Mlp(const ModelSpec& spec, int max_examples);

  // Where the first layer's output goes before Forward, [m x its outputs], and its gradient
  // stands after Backward.
  float* first_output() { return outputs_.front().data(); }
  const float* first_gradient() const { return gradients_.front().data(); }

  // dense: the dense parameters [spec.dense_floats]. Adds the output to logits [m].
  void Forward(const float* dense, int m, float* logits);

  // After Forward with the same arguments. logit_gradients [m]. Writes the part of dense_gradient
  // [spec.dense_floats] that belongs to the layers above the first.
  void Backward(const float* dense, int m, const float* logit_gradients, float* dense_gradient);

 private:
  const ModelSpec& spec_;
  std::vector<AlignedVector<float>> outputs_;    // a layer: [m x outputs], after ReLU
  std::vector<AlignedVector<float>> gradients_;  // a layer: of its output before ReLU
};

}  // namespace fathom
