// A part of the model: what it adds to the logits of a slice, and the gradients of what it read.
//
// Parts do not know each other. They are listed in common/config/model_parts.def and run in its
// order, forward and backward. Each gradient has one owner, which writes it whole; a part that uses
// the same parameters comes later in the table and adds to what stands there:
//   wide, by segment         linear writes
//   embeddings, by segment   deep writes, fm adds
//   dense                    the part that has the parameters writes; linear also the zeros of
//                            the padding before the first layer
// Every sum has one order that depends on the slice alone, so that the model is the same bits
// whichever thread or worker computes the slice.
//
// Thread rule: a part is a thread's own; StepWeights are made once a step and read by all threads.
// Failure: none of its own. Ownership: what is passed in must outlive the call, the spec the part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "common/aligned_vector.h"
#include "common/model/model_spec.h"
#include "worker/batch/batch.h"
#include "worker/batch/pulled_rows.h"

namespace fathom {

// What a part reads.
struct SliceInput {
  const Batch& batch;
  std::uint32_t slice;  // of the batch's part
  const PulledRows& rows;

  std::uint32_t first_example() const { return batch.SliceExamples(slice).first; }
  std::size_t examples() const {
    const auto [begin, end] = batch.SliceExamples(slice);
    return end - begin;
  }
};

// Gradients by segment of one table of a batch; each slice writes its own.
struct SegmentGradients {
  AlignedVector<float> wide;  // [segments], if the table is wide
  AlignedVector<float> deep;  // [segments x dim], if it is deep
};

// What a part writes or adds to.
struct SliceGradients {
  std::vector<SegmentGradients>& rows;  // [tables]; the slice's segments only
  float* dense;                         // [spec.dense_floats]
};

class ModelPart {
 public:
  virtual ~ModelPart() = default;

  // Adds to logits [examples of the slice].
  virtual void Forward(const SliceInput& input, float* logits) = 0;

  // After Forward of the same slice. logit_gradients [examples of the slice]; step_weights: what
  // MakeStepWeights made of this step's dense parameters.
  virtual void Backward(const SliceInput& input, const float* logit_gradients,
                        const float* step_weights, const SliceGradients& gradients) = 0;

  // Another form of the dense parameters that Backward wants: so many floats, 0 for none.
  virtual std::size_t step_weight_floats() const { return 0; }
  virtual void MakeStepWeights(const float* /*dense*/, float* /*out*/) const {}
};

// Of each part, in order: its step weights.
using StepWeights = std::vector<AlignedVector<float>>;

// Each part defines its own in its .cc file. slice_size: no slice has more examples.
template <ModelPartKind kind>
std::unique_ptr<ModelPart> MakePart(const ModelSpec& spec, int slice_size);
#define FATHOM_MODEL_PART(kind, name) \
  template <>                         \
  std::unique_ptr<ModelPart> MakePart<ModelPartKind::kind>(const ModelSpec& spec, int slice_size);
#define FATHOM_OPTIONAL_PART(kind, name, on, needs, help) FATHOM_MODEL_PART(kind, name)
#include "common/config/model_parts.def"
#undef FATHOM_OPTIONAL_PART
#undef FATHOM_MODEL_PART

// The parts of the spec, in order.
std::vector<std::unique_ptr<ModelPart>> MakeParts(const ModelSpec& spec, int slice_size);

}  // namespace fathom
