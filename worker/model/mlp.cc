#include "worker/model/mlp.h"

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <span>

#include "common/vector_clones.h"
#include "worker/model/row_products.h"
#include "worker/model/scaled_add.h"
#include "worker/model/transpose.h"

namespace fathom {
namespace {

// Examples whose activations and gradients the gradient of the weights takes at a time: a tile's
// columns of them stay in the first-level cache.
constexpr std::size_t kExamplesAtOnce = 64;

using Rows = Eigen::Map<Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
using ConstRow = Eigen::Map<const Eigen::Array<float, 1, Eigen::Dynamic>>;

FATHOM_VECTOR_CLONES
void AddBias(const float* bias, std::size_t m, std::size_t n, float* out) {
  Rows(out, static_cast<Eigen::Index>(m), static_cast<Eigen::Index>(n)).rowwise() +=
      ConstRow(bias, static_cast<Eigen::Index>(n));
}

FATHOM_VECTOR_CLONES
void Relu(std::size_t count, float* values) {
  for (std::size_t i = 0; i < count; ++i) values[i] = values[i] > 0 ? values[i] : 0.0F;
}

// gradient = 0 where ReLU cut the value off.
FATHOM_VECTOR_CLONES
void ReluGradient(std::size_t count, const float* __restrict values, float* __restrict gradient) {
  for (std::size_t i = 0; i < count; ++i) gradient[i] = values[i] > 0 ? gradient[i] : 0.0F;
}

std::size_t Inputs(const LayerSpec& layer) { return static_cast<std::size_t>(layer.inputs); }
std::size_t Outputs(const LayerSpec& layer) { return static_cast<std::size_t>(layer.outputs); }

// out [inputs x outputs] = sum over the examples of transpose(in[e]) * gradient[e], in order.
void WeightGradient(const LayerSpec& layer, std::span<const float* const> in,
                    std::span<const float* const> gradient, float* out) {
  if (layer.outputs == 1) {  // the same chains, side by side in vectors: a row times a matrix
    MultiplyRows(gradient.first(1), in.front(), in.size(), Inputs(layer), out);
    return;
  }
  for (std::size_t begin = 0; begin < in.size(); begin += kExamplesAtOnce) {
    const std::size_t count = std::min(kExamplesAtOnce, in.size() - begin);
    MultiplyOuter(in.subspan(begin, count), gradient.subspan(begin, count), Inputs(layer),
                  Outputs(layer), begin > 0, out);
  }
}

}  // namespace

Mlp::Mlp(const ModelSpec& spec, int max_examples) : spec_(spec) {
  const auto examples = static_cast<std::size_t>(max_examples);
  for (const LayerSpec& layer : spec.layers) {
    outputs_.emplace_back(examples, Outputs(layer));
    gradients_.emplace_back(examples, Outputs(layer));
    if (&layer != &spec.layers.front()) transposed_floats_ += Inputs(layer) * Outputs(layer);
  }
}

Mlp::Activations::Activations(std::size_t examples, std::size_t width) : floats(examples * width) {
  for (std::size_t e = 0; e < examples; ++e) rows.push_back(floats.data() + e * width);
}

FATHOM_VECTOR_CLONES
void Mlp::TransposeWeights(const float* dense, float* out) const {
  for (std::size_t l = 1; l < spec_.layers.size(); ++l) {
    const LayerSpec& layer = spec_.layers[l];
    Transpose(dense + layer.weight_offset, Inputs(layer), Outputs(layer), out);
    out += Inputs(layer) * Outputs(layer);
  }
}

void Mlp::Forward(const float* dense, std::size_t m, float* logits) {
  for (std::size_t l = 1; l < spec_.layers.size(); ++l) {
    const LayerSpec& layer = spec_.layers[l];
    float* const out = outputs_[l].floats.data();
    Relu(m * Inputs(layer), outputs_[l - 1].floats.data());
    MultiplyRows(outputs_[l - 1].First(m), dense + layer.weight_offset, Inputs(layer),
                 Outputs(layer), out);
    AddBias(dense + layer.bias_offset, m, Outputs(layer), out);
  }
  for (std::size_t e = 0; e < m; ++e) logits[e] += outputs_.back().floats[e];
}

void Mlp::Backward(const float* transposed, std::size_t m, const float* logit_gradients,
                   float* dense_gradient) {
  std::copy_n(logit_gradients, m, gradients_.back().floats.data());
  transposed += transposed_floats_;
  for (std::size_t l = spec_.layers.size() - 1; l > 0; --l) {
    const LayerSpec& layer = spec_.layers[l];
    const std::size_t outputs = Outputs(layer);
    const auto gradient = gradients_[l].First(m);
    WeightGradient(layer, outputs_[l - 1].First(m), gradient, dense_gradient + layer.weight_offset);
    float* bias_gradient = dense_gradient + layer.bias_offset;
    std::fill_n(bias_gradient, outputs, 0.0F);
    for (const float* row : gradient) AddScaled(1.0F, row, outputs, bias_gradient);
    transposed -= Inputs(layer) * outputs;
    float* const in_gradient = gradients_[l - 1].floats.data();
    MultiplyRows(gradient, transposed, outputs, Inputs(layer), in_gradient);
    ReluGradient(m * Inputs(layer), outputs_[l - 1].floats.data(), in_gradient);
  }
}

}  // namespace fathom
