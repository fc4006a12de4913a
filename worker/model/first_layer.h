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
#include "worker/batch/pulled_rows.h"

namespace fathom {

// Gradients by segment of one table of a batch; each slice writes its own.
struct SegmentGradients {
  AlignedVector<float> wide;  // [segments], if the table is wide
  AlignedVector<float> deep;  // [segments x dim], if it is deep
};

// W of each field's inputs the other way round, [outputs x dim], one field after another: the
// form that the gradients of the rows need. Made once a step, read by all threads.
class TransposedWeights {
 public:
  void Set(const ModelSpec& spec, const float* dense);
  const float* OfInput(int input_offset) const {
    return weights_.data() + static_cast<std::size_t>(input_offset) * outputs_;
  }

 private:
  std::size_t outputs_ = 0;
  AlignedVector<float> weights_;
};

// Thread rule: a thread's own.
class FirstLayer {
 public:
  FirstLayer(const ModelSpec& spec, int max_examples);

  // out [m x outputs], before ReLU.
  void Forward(const Batch& batch, std::uint32_t slice, const PulledRows& rows, float* out);

  // After Forward of the same slice. out_gradient: of out. Writes the layer's part of
  // dense_gradient [spec.dense_floats] and the slice's part of the deep gradients [tables].
  void Backward(const Batch& batch, std::uint32_t slice, const PulledRows& rows,
                const TransposedWeights& transposed, const float* out_gradient,
                std::vector<SegmentGradients>* gradients, float* dense_gradient);

 private:
  void ForwardNumerics(const Batch& batch, std::uint32_t slice, const float* dense, float* out);
  void ForwardField(const Batch& batch, std::uint32_t slice, std::size_t field,
                    const PulledRows& rows, float* out);
  void BackwardField(const Batch& batch, std::uint32_t slice, std::size_t field,
                     const PulledRows& rows, const TransposedWeights& transposed,
                     const float* out_gradient, SegmentGradients* gradients, float* dense_gradient);
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
