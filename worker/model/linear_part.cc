// The linear part: the bias, the wide weights of rows and of numeric columns (Cheng et al. 2016,
// section 3.1). Order of every sum: numeric columns, then tables, inside a table by field, key,
// example.
#include <algorithm>

#include "worker/model/model_part.h"

namespace fathom {
namespace {

class LinearPart : public ModelPart {
 public:
  explicit LinearPart(const ModelSpec& spec) : spec_(spec) {}

  void Forward(const SliceInput& input, float* logits) override {
    const float bias = input.rows.dense.front();
    for (std::size_t e = 0; e < input.examples(); ++e) logits[e] += bias;
    AddNumerics(input, logits);
    AddRows(input, logits);
  }

  void Backward(const SliceInput& input, const float* logit_gradients, const float*,
                const SliceGradients& gradients) override {
    const int before_layers =
        spec_.layers.empty() ? spec_.dense_floats : spec_.layers.front().weight_offset;
    std::fill_n(gradients.dense, before_layers, 0.0F);
    DenseGradient(input, logit_gradients, gradients.dense);
    RowGradient(input, logit_gradients, gradients);
  }

 private:
  void AddNumerics(const SliceInput& input, float* logits) const {
    const std::size_t numerics = spec_.numerics.size();
    const float* values = input.batch.numerics.data() + input.first_example() * numerics;
    for (std::size_t n = 0; n < numerics; ++n) {
      if (!spec_.numerics[n].wide) continue;
      const float weight =
          input.rows.dense[static_cast<std::size_t>(spec_.numerics[n].wide_offset)];
      for (std::size_t e = 0; e < input.examples(); ++e)
        logits[e] += weight * values[e * numerics + n];
    }
  }

  void AddRows(const SliceInput& input, float* logits) const {
    const std::uint32_t first_example = input.first_example();
    for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
      if (!spec_.tables[t].wide) continue;
      const TableBatch& table = input.batch.tables[t];
      const auto [begin, end] = input.batch.SegmentsOf(t, input.slice);
      for (std::uint32_t s = begin; s < end; ++s) {
        const Segment& segment = table.segments[s];
        const float weight = input.rows.tables[t].wide[segment.row];
        for (std::uint32_t o = segment.begin; o < segment.end; ++o)
          logits[table.examples[o] - first_example] += table.Scale(o) * weight;
      }
    }
  }

  void DenseGradient(const SliceInput& input, const float* logit_gradients,
                     float* dense_gradient) const {
    const std::size_t numerics = spec_.numerics.size();
    const float* values = input.batch.numerics.data() + input.first_example() * numerics;
    for (std::size_t e = 0; e < input.examples(); ++e) {
      const float gradient = logit_gradients[e];
      dense_gradient[0] += gradient;
      for (std::size_t n = 0; n < numerics; ++n) {
        if (!spec_.numerics[n].wide) continue;
        dense_gradient[spec_.numerics[n].wide_offset] += gradient * values[e * numerics + n];
      }
    }
  }

  void RowGradient(const SliceInput& input, const float* logit_gradients,
                   const SliceGradients& gradients) const {
    const std::uint32_t first_example = input.first_example();
    for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
      if (!spec_.tables[t].wide) continue;
      const TableBatch& table = input.batch.tables[t];
      const auto [begin, end] = input.batch.SegmentsOf(t, input.slice);
      for (std::uint32_t s = begin; s < end; ++s) {
        const Segment& segment = table.segments[s];
        float sum = 0;
        for (std::uint32_t o = segment.begin; o < segment.end; ++o)
          sum += table.Scale(o) * logit_gradients[table.examples[o] - first_example];
        gradients.rows[t].wide[s] = sum;
      }
    }
  }

  const ModelSpec& spec_;
};

}  // namespace

template <>
std::unique_ptr<ModelPart> MakePart<ModelPartKind::kLinear>(const ModelSpec& spec,
                                                            int /*slice_size*/) {
  return std::make_unique<LinearPart>(spec);
}

}  // namespace fathom
