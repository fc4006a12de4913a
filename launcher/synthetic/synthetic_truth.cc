#include "launcher/synthetic/synthetic_truth.h"

namespace fathom {

MeanAndDeviation Describe(std::span<const double> values) {
  MeanAndDeviation result;
  for (const double value : values) result.mean += value;
  result.mean /= static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.deviation = std::sqrt(squares / static_cast<double>(values.size()));
  return result;
}

}  // namespace fathom
