// The MLP's first layer, out = input * W + b, without the input: it is made of rows that many
// examples share, and the layer is linear. So a row is multiplied once a slice and its product
// added to each of its examples' outputs; backward, the gradients of a row's examples are added
// up first and multiplied once. With the long tails of real ids a slice of 256 examples has
// 0.4 rows an occurrence: less than half the multiplications of the dense product.
//
// Order of every sum: numeric columns, then fields, inside a field by key, inside a key by example.
#pragma once

#include <cstdint>
#include <vector>

#include "common/aligned_vector.h"
#include "common/model/model_spec.h"
#include "worker/batch/batch.h"
#include "worker/model/model_part.h"

namespace fathom {

// Thread rule: a thread's own.
class FirstLayer {
 public:
  FirstLayer(const ModelSpec& spec, int max_examples);

  // out [m x outputs], before ReLU.
  void Forward(const SliceInput& input, float* out);

  // W of each field's inputs the other way round, [outputs x dim], one field after another: the
  // form that the gradients of the rows need.
  std::size_t transposed_floats() const {
    return outputs_ * static_cast<std::size_t>(layer_.inputs);
  }
  void TransposeWeights(const float* dense, float* out) const;

  // After Forward of the same slice. transposed: of this step's dense parameters. out_gradient: of
  // out. Writes the layer's part of the dense gradient and the slice's embedding gradients.
  void Backward(const SliceInput& input, const float* transposed, const float* out_gradient,
                const SliceGradients& gradients);

 private:
  void ForwardNumerics(const SliceInput& input, float* out);
  void ForwardField(const SliceInput& input, std::size_t field, float* out);
  void BackwardField(const SliceInput& input, std::size_t field, const float* transposed,
                     const float* out_gradient, const SliceGradients& gradients);
  const float* SegmentGradient(const TableBatch& table, const Segment& segment,
                               std::uint32_t first_example, const float* out_gradient,
                               float* scratch) const;
  void BackwardNumerics(std::size_t examples, const float* out_gradient, float* dense_gradient);

  const ModelSpec& spec_;
  const LayerSpec& layer_;
  std::size_t outputs_;
  std::vector<std::size_t> deep_numerics_;  // places among the numeric columns
  AlignedVector<float> numerics_;           // [m x deep numeric columns], of the last Forward
  std::vector<const float*> numeric_rows_;  // [m], into numerics_
  AlignedVector<float> products_;           // [kRowsAtOnce x outputs]
};

}  // namespace fathom
