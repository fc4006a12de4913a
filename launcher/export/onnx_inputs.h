// What a caller of the ONNX graph must know to make its inputs from text: a JSON text that stands
// in the graph's metadata_props under "fathom" (docs/export.md has its members).
#pragma once

#include <string>
#include <vector>

#include "worker/predict/scorer.h"

namespace fathom {

// The name of an input in the graph, by field and by numeric column.
struct OnnxInputs {
  std::vector<std::string> fields;
  std::vector<std::string> weights;  // by field; empty: it has none
  std::vector<std::string> numbers;
};

// Whether the graph itself applies the column's transform, so that its input is the raw number.
bool TakesRawNumbers(const ColumnConfig& column);

// Throws Error(kUsage) where it is too large for a graph.
std::string OnnxInputsJson(const Scorer& model, const OnnxInputs& inputs);

}  // namespace fathom
