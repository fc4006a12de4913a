#include "worker/model/slice_model.h"

#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "common/metrics.h"

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

SliceModel::SliceModel(const ModelSpec& spec, int slice_size) : spec_(spec) {
  if (spec.layers.empty()) return;
  first_layer_.emplace(spec, slice_size);
  mlp_.emplace(spec, slice_size);
}

void SliceModel::Forward(const Batch& batch, std::uint32_t slice, const PulledRows& rows,
                         float* logits) {
  const auto [begin, end] = batch.SliceExamples(slice);
  std::fill_n(logits, end - begin, rows.dense.front());
  AddWide(batch, slice, rows, logits);
  if (!mlp_) return;
  first_layer_->Forward(batch, slice, rows, mlp_->first_output());
  mlp_->Forward(rows.dense.data(), static_cast<int>(end - begin), logits);
}

void SliceModel::AddWide(const Batch& batch, std::uint32_t slice, const PulledRows& rows,
                         float* logits) const {
  const auto [first_example, end_example] = batch.SliceExamples(slice);
  const std::size_t numerics = spec_.numerics.size();
  for (std::size_t n = 0; n < numerics; ++n) {
    if (!spec_.numerics[n].wide) continue;
    const float weight = rows.dense[static_cast<std::size_t>(spec_.numerics[n].wide_offset)];
    for (std::uint32_t e = first_example; e < end_example; ++e)
      logits[e - first_example] += weight * batch.numerics[e * numerics + n];
  }
  for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
    if (!spec_.tables[t].wide) continue;
    const TableBatch& table = batch.tables[t];
    const auto [begin, end] = batch.SegmentsOf(t, slice);
    for (std::uint32_t s = begin; s < end; ++s) {
      const Segment& segment = table.segments[s];
      const float weight = rows.tables[t].wide[segment.row];
      for (std::uint32_t o = segment.begin; o < segment.end; ++o)
        logits[table.examples[o] - first_example] += table.Scale(o) * weight;
    }
  }
}

double SliceModel::Backward(const Batch& batch, std::uint32_t slice, const PulledRows& rows,
                            const TransposedWeights& transposed, const float* logits,
                            BatchGradients* gradients, float* dense_gradient) {
  const auto [begin, end] = batch.SliceExamples(slice);
  const int m = static_cast<int>(end - begin);
  float* logit_gradients = gradients->logits.data() + begin;
  double loss = 0;
  for (int e = 0; e < m; ++e) {
    const std::uint8_t label = batch.labels[begin + static_cast<std::uint32_t>(e)];
    loss += LogLoss(logits[e], label);
    logit_gradients[e] = static_cast<float>(Sigmoid(logits[e]) - label);
  }
  if (!std::isfinite(loss)) {
    Fail(ExitCode::kNumeric,
         "step {}: the log loss of slice {} is not finite: lower the learning rates (of [wide], "
         "[deep] and [dense]) or standardise the numeric columns",
         batch.step, batch.first_slice + slice);
  }
  // The layers' gradients are written whole; what lies before them is added up.
  const int before_layers =
      spec_.layers.empty() ? spec_.dense_floats : spec_.layers.front().weight_offset;
  std::fill_n(dense_gradient, before_layers, 0.0F);
  WideDenseGradient(batch, slice, logit_gradients, dense_gradient);
  WideGradient(batch, slice, gradients);
  if (mlp_) {
    mlp_->Backward(rows.dense.data(), m, logit_gradients, dense_gradient);
    first_layer_->Backward(batch, slice, rows, transposed, mlp_->first_gradient(),
                           &gradients->tables, dense_gradient);
  }
  return loss;
}

void SliceModel::WideGradient(const Batch& batch, std::uint32_t slice,
                              BatchGradients* gradients) const {
  for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
    if (!spec_.tables[t].wide) continue;
    const TableBatch& table = batch.tables[t];
    const auto [begin, end] = batch.SegmentsOf(t, slice);
    for (std::uint32_t s = begin; s < end; ++s) {
      const Segment& segment = table.segments[s];
      float sum = 0;
      for (std::uint32_t o = segment.begin; o < segment.end; ++o)
        sum += table.Scale(o) * gradients->logits[table.examples[o]];
      gradients->tables[t].wide[s] = sum;
    }
  }
}

void SliceModel::WideDenseGradient(const Batch& batch, std::uint32_t slice,
                                   const float* logit_gradients, float* dense_gradient) const {
  const auto [begin, end] = batch.SliceExamples(slice);
  const std::size_t numerics = spec_.numerics.size();
  for (std::uint32_t e = begin; e < end; ++e) {
    const float gradient = logit_gradients[e - begin];
    dense_gradient[0] += gradient;
    for (std::size_t n = 0; n < numerics; ++n) {
      if (!spec_.numerics[n].wide) continue;
      dense_gradient[spec_.numerics[n].wide_offset] += gradient * batch.numerics[e * numerics + n];
    }
  }
}

}  // namespace fathom
