#include "worker/mlp.h"

#include <algorithm>
#include <cstddef>

#include "worker/matrix_product.h"

namespace fathom {
namespace {

// Also ReLU where asked for, while the numbers are at hand.
void AddBias(const float* __restrict bias, int m, int n, bool relu, float* __restrict out) {
  for (int e = 0; e < m; ++e, out += n) {
    for (int i = 0; i < n; ++i) out[i] += bias[i];
    if (!relu) continue;
    for (int i = 0; i < n; ++i) out[i] = out[i] > 0 ? out[i] : 0.0F;
  }
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

void Mlp::Forward(const float* dense, const float* input, int m, float* logits) {
  if (spec_.layers.empty()) return;
  const float* in = input;
  for (std::size_t l = 0; l < spec_.layers.size(); ++l) {
    const LayerSpec& layer = spec_.layers[l];
    float* out = outputs_[l].data();
    Product(in, dense + layer.weight_offset, m, layer.inputs, layer.outputs, out);
    AddBias(dense + layer.bias_offset, m, layer.outputs, l + 1 < spec_.layers.size(), out);
    in = out;
  }
  for (int e = 0; e < m; ++e) logits[e] += in[e];
}

void Mlp::Backward(const float* dense, const float* input, int m, const float* logit_gradients,
                   float* dense_gradient, float* input_gradient) {
  if (spec_.layers.empty()) return;
  const float* out_gradient = logit_gradients;
  for (std::size_t l = spec_.layers.size(); l-- > 0;) {
    const LayerSpec& layer = spec_.layers[l];
    const float* in = l == 0 ? input : outputs_[l - 1].data();
    TransposedLeftProduct(in, out_gradient, m, layer.inputs, layer.outputs,
                          dense_gradient + layer.weight_offset);
    float* bias_gradient = dense_gradient + layer.bias_offset;
    std::fill_n(bias_gradient, layer.outputs, 0.0F);
    for (int e = 0; e < m; ++e) {
      const float* row = out_gradient + static_cast<std::ptrdiff_t>(e) * layer.outputs;
      for (int i = 0; i < layer.outputs; ++i) bias_gradient[i] += row[i];
    }
    float* in_gradient = l == 0 ? input_gradient : gradients_[l - 1].data();
    TransposedRightProduct(out_gradient, dense + layer.weight_offset, m, layer.inputs,
                           layer.outputs, in_gradient);
    if (l == 0) return;
    const auto count = static_cast<std::ptrdiff_t>(m) * layer.inputs;
    for (std::ptrdiff_t i = 0; i < count; ++i) in_gradient[i] = in[i] > 0 ? in_gradient[i] : 0.0F;
    out_gradient = in_gradient;
  }
}

}  // namespace fathom
