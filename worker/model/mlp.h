// The deep part above its first layer: ReLU, fully connected ReLU layers and a linear one
// (Cheng et al. 2016, section 3.2), forward and backward on one slice.
//
// Order of every sum: forward over a layer's inputs, backward over its outputs, then the bias;
// a gradient over the examples.
#pragma once

#include <cstddef>
#include <span>
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
  float* first_output() { return outputs_.front().floats.data(); }
  const float* first_gradient() const { return gradients_.front().floats.data(); }

  // The weights of its layers the other way round, each [outputs x inputs], one after another: the
  // form that the gradients of their inputs need.
  std::size_t transposed_floats() const { return transposed_floats_; }
  void TransposeWeights(const float* dense, float* out) const;

  // dense: the dense parameters [spec.dense_floats]. Adds the output to logits [m].
  void Forward(const float* dense, std::size_t m, float* logits);

  // After Forward of the same m. transposed: of the same dense parameters. logit_gradients [m].
  // Writes the part of dense_gradient [spec.dense_floats] that belongs to the layers above the
  // first.
  void Backward(const float* transposed, std::size_t m, const float* logit_gradients,
                float* dense_gradient);

 private:
  struct Activations {
    Activations(std::size_t examples, std::size_t width);
    std::span<const float* const> First(std::size_t m) const { return std::span(rows).first(m); }

    AlignedVector<float> floats;     // [examples x width]
    std::vector<const float*> rows;  // of them
  };

  const ModelSpec& spec_;
  std::size_t transposed_floats_ = 0;
  std::vector<Activations> outputs_;    // of each layer, after ReLU
  std::vector<Activations> gradients_;  // of its output before ReLU
};

}  // namespace fathom
