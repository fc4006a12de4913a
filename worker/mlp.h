// The deep part above the embeddings: fully connected ReLU layers and a linear one (Cheng et al.
// 2016, section 3.2), forward and backward on one slice.
#pragma once

#include <vector>

#include "common/model_spec.h"

namespace fathom {

// Thread rule: a thread's own; it keeps the activations between Forward and Backward.
class Mlp {
 public:
  Mlp(const ModelSpec& spec, int max_examples);

  // dense: the dense parameters [spec.dense_floats]; input [m x spec.input_width].
  // Adds the output to logits [m].
  void Forward(const float* dense, const float* input, int m, float* logits);

  // After Forward with the same arguments. logit_gradients [m]. Writes the layers' part of
  // dense_gradient [spec.dense_floats] and input_gradient [m x spec.input_width].
  void Backward(const float* dense, const float* input, int m, const float* logit_gradients,
                float* dense_gradient, float* input_gradient);

 private:
  const ModelSpec& spec_;
  std::vector<std::vector<float>> outputs_;    // a layer: [m x outputs], after ReLU
  std::vector<std::vector<float>> gradients_;  // a layer: of its output before ReLU
};

}  // namespace fathom
