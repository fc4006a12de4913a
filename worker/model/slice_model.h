// The whole model on one slice of a batch: logits, and the gradients of the sum of the log losses,
// each times its example's weight. A sum, so that an example counts the same for a rare row
// whatever the batch size; the servers take the mean (over the sum of the weights) for the dense
// parameters, which every example touches.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/model/model_spec.h"
#include "worker/batch/batch.h"
#include "worker/batch/pulled_rows.h"
#include "worker/model/model_part.h"

namespace fathom {

// Gradients of a worker's part of the batch; each slice writes its own.
struct BatchGradients {
  std::vector<float> logits;             // [examples]
  std::vector<SegmentGradients> tables;  // of the rows, by segment

  // Makes room for the batch's.
  void Resize(const ModelSpec& spec, const Batch& batch);
};

// Thread rule: a thread's own. The shapes depend on the slice alone.
class SliceModel {
 public:
  SliceModel(const ModelSpec& spec, int slice_size) : parts_(MakeParts(spec, slice_size)) {}

  // logits [examples of the slice] = the sum of the parts, in their order: bias + wide part + deep
  // part (Cheng et al. 2016, eq. 3) + the optional ones.
  void Forward(const Batch& batch, std::uint32_t slice, const PulledRows& rows, float* logits);

  // Once a step, before any slice's Backward: what all threads' parts read in it. One thread's
  // model makes them for all.
  void MakeStepWeights(const PulledRows& rows, StepWeights* weights) const;

  // After Forward of the same slice. Fills the slice's part of `gradients` and dense_gradient
  // [spec.dense_floats], all but the gaps between layers, which must be 0 already. Returns the sum
  // of the slice's weighted log losses. Throws Error(kNumeric) where the loss is not finite.
  double Backward(const Batch& batch, std::uint32_t slice, const PulledRows& rows,
                  const StepWeights& weights, const float* logits, BatchGradients* gradients,
                  float* dense_gradient);

 private:
  std::vector<std::unique_ptr<ModelPart>> parts_;
};

}  // namespace fathom
