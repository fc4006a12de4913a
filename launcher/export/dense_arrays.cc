#include "launcher/export/dense_arrays.h"

#include <fmt/format.h>

namespace fathom {

std::size_t LayerInputs(const ModelSpec& spec, std::size_t layer) {
  if (layer > 0) return static_cast<std::size_t>(spec.layers[layer].inputs);
  int inputs = 0;
  for (const Field& field : spec.fields) inputs += field.dim;
  for (const NumericField& numeric : spec.numerics) inputs += numeric.deep ? 1 : 0;
  return static_cast<std::size_t>(inputs);
}

std::vector<DenseArray> DenseArrays(const ModelSpec& spec, std::span<const float> dense) {
  std::vector<DenseArray> arrays;
  arrays.push_back({"bias", {1}, {dense.front()}});
  if (!spec.numerics.empty()) {
    DenseArray weights{"numbers.weights", {spec.numerics.size()}, {}};
    for (const NumericField& numeric : spec.numerics)
      weights.values.push_back(numeric.wide ? dense[static_cast<std::size_t>(numeric.wide_offset)]
                                            : 0.0F);
    arrays.push_back(std::move(weights));
  }
  for (std::size_t l = 0; l < spec.layers.size(); ++l) {
    const LayerSpec& layer = spec.layers[l];
    const std::size_t inputs = LayerInputs(spec, l),
                      outputs = static_cast<std::size_t>(layer.outputs);
    const auto weights =
        dense.subspan(static_cast<std::size_t>(layer.weight_offset), inputs * outputs);
    const auto bias = dense.subspan(static_cast<std::size_t>(layer.bias_offset), outputs);
    arrays.push_back(
        {fmt::format("layer{}.weights", l), {inputs, outputs}, {weights.begin(), weights.end()}});
    arrays.push_back({fmt::format("layer{}.bias", l), {outputs}, {bias.begin(), bias.end()}});
  }
  return arrays;
}

}  // namespace fathom
