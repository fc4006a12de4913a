#include "worker/slice_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "common/error.h"
#include "common/metrics.h"
#include "worker/scaled_add.h"

namespace fathom {

SliceModel::SliceModel(const ModelSpec& spec, int slice_size)
    : spec_(spec),
      mlp_(spec, slice_size),
      input_(static_cast<std::size_t>(slice_size) * static_cast<std::size_t>(spec.input_width)) {}

void SliceModel::Forward(const Batch& batch, std::uint32_t slice, const PulledRows& rows,
                         float* logits) {
  const auto [begin, end] = batch.SliceExamples(slice);
  std::fill_n(logits, end - begin, rows.dense.front());
  AddWide(batch, slice, rows, logits);
  if (spec_.layers.empty()) return;
  GatherInput(batch, slice, rows);
  mlp_.Forward(rows.dense.data(), input_.data(), static_cast<int>(end - begin), logits);
}

void SliceModel::AddWide(const Batch& batch, std::uint32_t slice, const PulledRows& rows,
                         float* logits) const {
  const auto [begin, end] = batch.SliceExamples(slice);
  const std::size_t numerics = spec_.numerics.size();
  for (std::size_t n = 0; n < numerics; ++n) {
    if (!spec_.numerics[n].wide) continue;
    const float weight = rows.dense[static_cast<std::size_t>(spec_.numerics[n].wide_offset)];
    for (std::uint32_t e = begin; e < end; ++e)
      logits[e - begin] += weight * batch.numerics[e * numerics + n];
  }
  for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
    if (!spec_.tables[t].wide) continue;
    const TableBatch& table = batch.tables[t];
    const float* weights = rows.tables[t].wide.data();
    const float* scale = table.scale.empty() ? nullptr : table.scale.data();
    for (std::uint32_t e = begin; e < end; ++e) {
      float sum = 0;
      for (std::uint32_t o = table.example_begins[e]; o < table.example_begins[e + 1]; ++o) {
        const float weight = weights[table.rows[o]];
        sum += scale == nullptr ? weight : weight * scale[o];
      }
      logits[e - begin] += sum;
    }
  }
}

void SliceModel::GatherInput(const Batch& batch, std::uint32_t slice, const PulledRows& rows) {
  const auto [begin, end] = batch.SliceExamples(slice);
  const auto width = static_cast<std::size_t>(spec_.input_width);
  std::fill_n(input_.data(), (end - begin) * width, 0.0F);
  for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
    const auto dim = static_cast<std::size_t>(spec_.tables[t].dim);
    if (dim == 0) continue;
    const TableBatch& table = batch.tables[t];
    const float* embeddings = rows.tables[t].deep.data();
    for (std::uint32_t e = begin; e < end; ++e) {
      float* input = input_.data() + (e - begin) * width;
      for (std::uint32_t o = table.example_begins[e]; o < table.example_begins[e + 1]; ++o) {
        const float* embedding = embeddings + table.rows[o] * dim;
        float* into = input + spec_.fields[table.field[o]].input_offset;
        const float scale = table.scale.empty() ? 1.0F : table.scale[o];
        AddScaled(scale, embedding, dim, into);
      }
    }
  }
  const std::size_t numerics = spec_.numerics.size();
  for (std::size_t n = 0; n < numerics; ++n) {
    if (!spec_.numerics[n].deep) continue;
    const auto offset = static_cast<std::size_t>(spec_.numerics[n].input_offset);
    for (std::uint32_t e = begin; e < end; ++e)
      input_[(e - begin) * width + offset] = batch.numerics[e * numerics + n];
  }
}

double SliceModel::Backward(const Batch& batch, std::uint32_t slice, const PulledRows& rows,
                            const float* logits, ExampleGradients* examples,
                            float* dense_gradient) {
  const auto [begin, end] = batch.SliceExamples(slice);
  const int m = static_cast<int>(end - begin);
  float* logit_gradients = examples->logits.data() + begin;
  double loss = 0;
  for (int e = 0; e < m; ++e) {
    const std::uint8_t label = batch.labels[begin + static_cast<std::uint32_t>(e)];
    loss += LogLoss(logits[e], label);
    logit_gradients[e] = static_cast<float>(Sigmoid(logits[e]) - label);
  }
  if (!std::isfinite(loss)) {
    Fail(ExitCode::kNumeric,
         "step {}: the log loss of slice {} is not finite: lower the learning rates (wide.alpha, "
         "deep.learning_rate, dense.learning_rate) or standardise the numeric columns",
         batch.step, batch.first_slice + slice);
  }
  // The layers' gradients are written whole; what lies before them is added up.
  const int before_layers =
      spec_.layers.empty() ? spec_.dense_floats : spec_.layers.front().weight_offset;
  std::fill_n(dense_gradient, before_layers, 0.0F);
  WideDenseGradient(batch, slice, logit_gradients, dense_gradient);
  if (!spec_.layers.empty()) {
    mlp_.Backward(rows.dense.data(), input_.data(), m, logit_gradients, dense_gradient,
                  examples->inputs.data() + begin * static_cast<std::size_t>(spec_.input_width));
  }
  return loss;
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
