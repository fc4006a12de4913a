#include "worker/model/mlp.h"

#include <algorithm>
#include <cstddef>

#include "worker/model/matrix_product.h"
#include "worker/model/scaled_add.h"

namespace fathom {
namespace {

void AddBias(const float* __restrict bias, int m, int n, float* __restrict out) {
  for (int e = 0; e < m; ++e, out += n) {
    for (int i = 0; i < n; ++i) out[i] += bias[i];
  }
}

void Relu(std::size_t count, float* values) {
  for (std::size_t i = 0; i < count; ++i) values[i] = values[i] > 0 ? values[i] : 0.0F;
}

// gradient = 0 where ReLU cut the value off.
void ReluGradient(std::size_t count, const float* __restrict values, float* __restrict gradient) {
  for (std::size_t i = 0; i < count; ++i) gradient[i] = values[i] > 0 ? gradient[i] : 0.0F;
}

}  // namespace

Mlp::Mlp(const ModelSpec& spec, int max_examples) : spec_(spec) {
  for (const LayerSpec& layer : spec.layers) {
    const auto floats =
        static_cast<std::size_t>(max_examples) * static_cast<std::size_t>(layer.outputs);
    outputs_.emplace_back(floats);
    gradients_.emplace_back(floats);
  }
}

void Mlp::Forward(const float* dense, int m, float* logits) {
  const auto rows = static_cast<std::size_t>(m);
  for (std::size_t l = 1; l < spec_.layers.size(); ++l) {
    const LayerSpec& layer = spec_.layers[l];
    float* in = outputs_[l - 1].data();
    float* out = outputs_[l].data();
    Relu(rows * static_cast<std::size_t>(layer.inputs), in);
    Product(in, dense + layer.weight_offset, m, layer.inputs, layer.outputs, out);
    AddBias(dense + layer.bias_offset, m, layer.outputs, out);
  }
  for (int e = 0; e < m; ++e) logits[e] += outputs_.back()[static_cast<std::size_t>(e)];
}

void Mlp::Backward(const float* dense, int m, const float* logit_gradients, float* dense_gradient) {
  const auto rows = static_cast<std::size_t>(m);
  std::copy_n(logit_gradients, rows, gradients_.back().data());
  for (std::size_t l = spec_.layers.size() - 1; l > 0; --l) {
    const LayerSpec& layer = spec_.layers[l];
    const auto outputs = static_cast<std::size_t>(layer.outputs);
    const float* in = outputs_[l - 1].data();
    const float* out_gradient = gradients_[l].data();
    float* in_gradient = gradients_[l - 1].data();
    TransposedLeftProduct(in, out_gradient, m, layer.inputs, layer.outputs,
                          dense_gradient + layer.weight_offset);
    float* bias_gradient = dense_gradient + layer.bias_offset;
    std::fill_n(bias_gradient, outputs, 0.0F);
    for (std::size_t e = 0; e < rows; ++e)
      AddScaled(1.0F, out_gradient + e * outputs, outputs, bias_gradient);
    TransposedRightProduct(out_gradient, dense + layer.weight_offset, m, layer.inputs,
                           layer.outputs, in_gradient);
    ReluGradient(rows * static_cast<std::size_t>(layer.inputs), in, in_gradient);
  }
}

}  // namespace fathom
