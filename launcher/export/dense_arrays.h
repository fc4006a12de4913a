// The dense parameters by name, as other programs know them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/model/model_spec.h"

namespace fathom {

struct DenseArray {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::vector<float> values;
};

// The inputs of the first layer that carry something: the others are padding.
std::size_t LayerInputs(const ModelSpec& spec, std::size_t layer);

// bias [1]; numbers.weights [n], of the numeric columns in the config's order, 0 where one is not
// wide; of each layer n from 0 layerN.weights [inputs, outputs] (x W + b), without padding, and
// layerN.bias [outputs]. The first layer's inputs are the fields' embeddings and then the numbers,
// each in the config's order.
std::vector<DenseArray> DenseArrays(const ModelSpec& spec, std::span<const float> dense);

}  // namespace fathom
