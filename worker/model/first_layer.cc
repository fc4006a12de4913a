#include "worker/model/first_layer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "common/vector_clones.h"
#include "worker/model/row_products.h"
#include "worker/model/scaled_add.h"
#include "worker/model/transpose.h"

namespace fathom {
namespace {

// Rows multiplied at a time: their products and the field's weights fit into the first-level
// cache together.
constexpr std::size_t kRowsAtOnce = 24;

using RowPointers = std::array<const float*, kRowsAtOnce>;

}  // namespace

FirstLayer::FirstLayer(const ModelSpec& spec, int max_examples)
    : spec_(spec),
      layer_(spec.layers.front()),
      outputs_(static_cast<std::size_t>(layer_.outputs)),
      products_(kRowsAtOnce * outputs_) {
  for (std::size_t n = 0; n < spec.numerics.size(); ++n) {
    if (spec.numerics[n].deep) deep_numerics_.push_back(n);
  }
  numerics_.resize(static_cast<std::size_t>(max_examples) * deep_numerics_.size());
  numeric_rows_.resize(static_cast<std::size_t>(max_examples));
}

FATHOM_VECTOR_CLONES
void FirstLayer::TransposeWeights(const float* dense, float* out) const {
  for (const Field& field : spec_.fields) {
    const std::size_t begin = static_cast<std::size_t>(field.input_offset) * outputs_;
    Transpose(dense + layer_.weight_offset + begin, static_cast<std::size_t>(field.dim), outputs_,
              out + begin);
  }
}

void FirstLayer::Forward(const SliceInput& input, float* out) {
  ForwardNumerics(input, out);
  for (std::size_t f = 0; f < spec_.fields.size(); ++f) {
    if (spec_.fields[f].dim > 0) ForwardField(input, f, out);
  }
}

// out = bias + numeric columns * W.
void FirstLayer::ForwardNumerics(const SliceInput& input, float* out) {
  const float* dense = input.rows.dense.data();
  const std::uint32_t begin = input.first_example();
  const std::size_t m = input.examples();
  const float* bias = dense + layer_.bias_offset;
  if (deep_numerics_.empty()) {
    for (std::size_t e = 0; e < m; ++e) std::copy_n(bias, outputs_, out + e * outputs_);
    return;
  }
  const std::size_t columns = deep_numerics_.size();
  for (std::size_t e = 0; e < m; ++e) {
    const float* from = input.batch.numerics.data() + (begin + e) * spec_.numerics.size();
    float* const row = numerics_.data() + e * columns;
    for (std::size_t c = 0; c < columns; ++c) row[c] = from[deep_numerics_[c]];
    numeric_rows_[e] = row;
  }
  const auto first = static_cast<std::size_t>(spec_.numerics[deep_numerics_.front()].input_offset);
  MultiplyRows(std::span(numeric_rows_).first(m), dense + layer_.weight_offset + first * outputs_,
               columns, outputs_, out);
  for (std::size_t e = 0; e < m; ++e) AddScaled(1.0F, bias, outputs_, out + e * outputs_);
}

FATHOM_VECTOR_CLONES
void FirstLayer::ForwardField(const SliceInput& input, std::size_t f, float* out) {
  const Field& field = spec_.fields[f];
  const auto t = static_cast<std::size_t>(field.table);
  const auto dim = static_cast<std::size_t>(field.dim);
  const TableBatch& table = input.batch.tables[t];
  const std::uint32_t first_example = input.first_example();
  const float* weights = input.rows.dense.data() + layer_.weight_offset +
                         static_cast<std::size_t>(field.input_offset) * outputs_;
  const auto [first, end] = input.batch.SegmentsOf(t, input.slice, f);
  const auto embedding = [&](std::size_t segment) {
    return input.rows.tables[t].deep.data() + table.segments[segment].row * dim;
  };
  RowPointers embeddings;
  for (std::size_t begin = first; begin < end; begin += kRowsAtOnce) {
    const std::size_t count = std::min<std::size_t>(kRowsAtOnce, end - begin);
    for (std::size_t i = 0; i < count; ++i) embeddings[i] = embedding(begin + i);
    for (std::size_t i = begin + count; i < std::min<std::size_t>(begin + 2 * kRowsAtOnce, end);
         ++i)
      __builtin_prefetch(embedding(i));
    MultiplyRows(std::span(embeddings).first(count), weights, dim, outputs_, products_.data());
    for (std::size_t i = 0; i < count; ++i) {
      const Segment& segment = table.segments[begin + i];
      for (std::uint32_t o = segment.begin; o < segment.end; ++o) {
        AddScaled(table.Scale(o), products_.data() + i * outputs_, outputs_,
                  out + (table.examples[o] - first_example) * outputs_);
      }
    }
  }
}

FATHOM_VECTOR_CLONES
void FirstLayer::Backward(const SliceInput& input, const float* transposed,
                          const float* out_gradient, const SliceGradients& gradients) {
  const std::size_t m = input.examples();
  float* bias_gradient = gradients.dense + layer_.bias_offset;
  std::fill_n(bias_gradient, outputs_, 0.0F);
  for (std::size_t e = 0; e < m; ++e)
    AddScaled(1.0F, out_gradient + e * outputs_, outputs_, bias_gradient);
  for (std::size_t f = 0; f < spec_.fields.size(); ++f) {
    if (spec_.fields[f].dim > 0) BackwardField(input, f, transposed, out_gradient, gradients);
  }
  BackwardNumerics(m, out_gradient, gradients.dense);
}

// The sum of the gradients of the segment's examples; that of a lone example is taken where it is.
inline const float* FirstLayer::SegmentGradient(const TableBatch& table, const Segment& segment,
                                                std::uint32_t first_example,
                                                const float* out_gradient, float* scratch) const {
  const auto of = [&](std::uint32_t o) {
    return out_gradient + (table.examples[o] - first_example) * outputs_;
  };
  const float scale = table.Scale(segment.begin);
  if (segment.end - segment.begin == 1 && scale == 1.0F) return of(segment.begin);
  SetScaled(scale, of(segment.begin), outputs_, scratch);
  for (std::uint32_t o = segment.begin + 1; o < segment.end; ++o)
    AddScaled(table.Scale(o), of(o), outputs_, scratch);
  return scratch;
}

FATHOM_VECTOR_CLONES
void FirstLayer::BackwardField(const SliceInput& input, std::size_t f, const float* transposed,
                               const float* out_gradient, const SliceGradients& gradients) {
  const Field& field = spec_.fields[f];
  const auto t = static_cast<std::size_t>(field.table);
  const auto dim = static_cast<std::size_t>(field.dim);
  const TableBatch& table = input.batch.tables[t];
  const std::uint32_t first_example = input.first_example();
  float* weight_gradient = gradients.dense + layer_.weight_offset +
                           static_cast<std::size_t>(field.input_offset) * outputs_;
  const auto [first, end] = input.batch.SegmentsOf(t, input.slice, f);
  if (first == end) std::fill_n(weight_gradient, dim * outputs_, 0.0F);
  RowPointers embeddings, sums;
  for (std::size_t begin = first; begin < end; begin += kRowsAtOnce) {
    const std::size_t count = std::min<std::size_t>(kRowsAtOnce, end - begin);
    for (std::size_t i = 0; i < count; ++i) {
      const Segment& segment = table.segments[begin + i];
      embeddings[i] = input.rows.tables[t].deep.data() + segment.row * dim;
      sums[i] = SegmentGradient(table, segment, first_example, out_gradient,
                                products_.data() + i * outputs_);
    }
    MultiplyRows(std::span(sums).first(count),
                 transposed + static_cast<std::size_t>(field.input_offset) * outputs_, outputs_,
                 dim, gradients.rows[t].deep.data() + begin * dim);
    MultiplyOuter(std::span(embeddings).first(count), std::span(sums).first(count), dim, outputs_,
                  begin > first, weight_gradient);
  }
}

// Also writes zeros for the input's padding, which nothing ever moves.
void FirstLayer::BackwardNumerics(std::size_t m, const float* out_gradient, float* dense_gradient) {
  std::size_t used = 0;
  for (const Field& field : spec_.fields) used += static_cast<std::size_t>(field.dim);
  float* weight_gradient = dense_gradient + layer_.weight_offset;
  const std::size_t columns = deep_numerics_.size();
  for (std::size_t begin = 0; begin < m && columns > 0; begin += kRowsAtOnce) {
    const std::size_t count = std::min(kRowsAtOnce, m - begin);
    RowPointers out;
    for (std::size_t i = 0; i < count; ++i) out[i] = out_gradient + (begin + i) * outputs_;
    MultiplyOuter(std::span(numeric_rows_).subspan(begin, count), std::span(out).first(count),
                  columns, outputs_, begin > 0, weight_gradient + used * outputs_);
  }
  const std::size_t padding = static_cast<std::size_t>(layer_.inputs) - used - columns;
  std::fill_n(weight_gradient + (used + columns) * outputs_, padding * outputs_, 0.0F);
}

}  // namespace fathom
