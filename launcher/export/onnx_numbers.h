// The numeric columns of a model in an ONNX graph: their transforms, as far as a graph has
// operators for them (onnx_inputs.h: TakesRawNumbers).
#pragma once

#include <string>

#include "launcher/export/onnx_graph.h"
#include "worker/predict/scorer.h"

namespace fathom {

// `numbers`: float32 [N, numeric columns], NaN where one is missing. What the model takes in their
// place:
// x, then sign(x) log(1 + |x|) where the column takes a log, less the mean, divided by the
// deviation, all in float64. Columns whose input is transformed already stay as they are.
std::string TransformedNumbers(const Scorer& model, const std::string& numbers, OnnxGraph* graph);

}  // namespace fathom
