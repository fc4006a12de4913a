#include "worker/model/slice_model.h"

#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "common/metrics/metrics.h"

namespace fathom {

void BatchGradients::Resize(const ModelSpec& spec, const Batch& batch) {
  logits.resize(batch.examples);
  tables.resize(spec.tables.size());
  for (std::size_t t = 0; t < tables.size(); ++t) {
    const std::size_t segments = batch.tables[t].segments.size();
    if (spec.tables[t].wide) tables[t].wide.resize(segments);
    tables[t].deep.resize(segments * static_cast<std::size_t>(spec.tables[t].dim));
  }
}

void SliceModel::Forward(const Batch& batch, std::uint32_t slice, const PulledRows& rows,
                         float* logits) {
  const SliceInput input{batch, slice, rows};
  std::fill_n(logits, input.examples(), 0.0F);
  for (const auto& part : parts_) part->Forward(input, logits);
}

void SliceModel::MakeStepWeights(const PulledRows& rows, StepWeights* weights) const {
  weights->resize(parts_.size());
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    (*weights)[p].resize(parts_[p]->step_weight_floats());
    parts_[p]->MakeStepWeights(rows.dense.data(), (*weights)[p].data());
  }
}

double SliceModel::Backward(const Batch& batch, std::uint32_t slice, const PulledRows& rows,
                            const StepWeights& weights, const float* logits,
                            BatchGradients* gradients, float* dense_gradient) {
  const SliceInput input{batch, slice, rows};
  const std::uint32_t begin = input.first_example();
  float* logit_gradients = gradients->logits.data() + begin;
  double loss = 0;
  for (std::uint32_t e = 0; e < input.examples(); ++e) {
    const std::uint8_t label = batch.labels[begin + e];
    const double weight = batch.weights.empty() ? 1.0 : double{batch.weights[begin + e]};
    loss += weight * LogLoss(logits[e], label);
    logit_gradients[e] = static_cast<float>(weight * (Sigmoid(logits[e]) - label));
  }
  if (!std::isfinite(loss)) {
    Fail(ExitCode::kNumeric,
         "step {}: the log loss of slice {} is not finite: lower the learning rates (of [wide], "
         "[deep] and [dense]) or standardise the numeric columns",
         batch.step, batch.first_slice + slice);
  }
  const SliceGradients out{gradients->tables, dense_gradient};
  for (std::size_t p = 0; p < parts_.size(); ++p)
    parts_[p]->Backward(input, logit_gradients, weights[p].data(), out);
  return loss;
}

}  // namespace fathom
