#include "launcher/export/onnx_numbers.h"

#include <algorithm>

#include "launcher/export/onnx_inputs.h"

namespace fathom {
namespace {

using Type = onnx::TensorProto;

// By numeric column.
struct Steps {
  std::vector<bool> logs;
  std::vector<double> means, deviations;
  std::vector<float> missing;  // what a missing number becomes
};

float MissingOf(const ColumnConfig& column, const Transform& transform) {
  if (column.missing_as != MissingAs::kZero) return transform.Missing();
  if (transform.OfText()) return transform.OfUnseen();
  const NumberSteps steps = transform.Steps();
  const double zero = (0 - steps.mean) / steps.stddev;
  return static_cast<float>(steps.further ? transform.Further(zero) : zero);
}

Steps StepsOf(const Scorer& model) {
  Steps all;
  const auto& columns = model.config().columns;
  for (const NumericField& numeric : model.spec().numerics) {
    const auto column = std::find_if(columns.begin(), columns.end(),
                                     [&](const ColumnConfig& c) { return c.name == numeric.name; });
    const Transform& transform =
        *model.transforms().Of(static_cast<std::size_t>(column - columns.begin()));
    const NumberSteps steps = TakesRawNumbers(*column) ? transform.Steps() : NumberSteps{};
    all.logs.push_back(steps.log);
    all.means.push_back(steps.mean);
    all.deviations.push_back(steps.stddev);
    all.missing.push_back(MissingOf(*column, transform));
  }
  return all;
}

}  // namespace

std::string TransformedNumbers(const Scorer& model, const std::string& numbers, OnnxGraph* graph) {
  OnnxGraph& g = *graph;
  const Steps steps = StepsOf(model);
  std::string x = g.Cast(numbers, Type::DOUBLE);
  if (std::find(steps.logs.begin(), steps.logs.end(), true) != steps.logs.end()) {
    const std::string grown =
        g.Node("Add", {g.Node("Abs", {x}), g.Doubles(std::vector<double>{1})});
    const std::string log = g.Node("Mul", {g.Node("Sign", {x}), g.Node("Log", {grown})});
    x = g.Node("Where", {g.Flags(steps.logs), log, x});
  }
  x = g.Node("Div", {g.Node("Sub", {x, g.Doubles(steps.means)}), g.Doubles(steps.deviations)});
  const auto columns = static_cast<std::int64_t>(steps.missing.size());
  return g.Node("Where", {g.Node("IsNaN", {numbers}), g.Floats(steps.missing, {columns}),
                          g.Cast(x, Type::FLOAT)});
}

}  // namespace fathom
