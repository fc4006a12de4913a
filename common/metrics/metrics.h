// Evaluation metrics over all examples at once. Never averaged over batches or ranks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/key.h"
#include "common/metrics/row_coverage.h"

namespace fathom {

// The result does not depend on the layout that produced the scores: pair counts are integers,
// and floating-point sums go over the examples in their order; of weighted examples the pairs'
// weights are summed in the order of their scores.
//
// Where examples have weights, each counts so many times: sums and means are weighted, and a pair
// of the AUC weighs the product of its two examples' weights. Examples of weight 0 count nowhere.
struct Metrics {
  std::uint64_t examples = 0;
  std::uint64_t positives = 0;
  double auc = 0;      // ties count one half; NaN if all labels are equal
  double auc_low = 0;  // 95 % confidence interval of DeLong et al. 1988
  double auc_high = 0;
  double logloss = 0;      // natural logarithm
  double accuracy = 0;     // at probability 0.5
  double calibration = 0;  // mean predicted probability over observed rate; NaN without positives
  double gauc = 0;  // AUC a group, weighted by its examples (Zhou et al. 2018); NaN if not grouped
  bool weighted = false;                // the examples have weights
  double weight = 0;                    // their sum; the number of examples where they have none
  std::uint64_t gauc_groups = 0;        // with both labels: those that count
  std::uint64_t gauc_examples = 0;      // in them
  std::vector<FieldCoverage> coverage;  // by field of the model; ComputeMetrics leaves it empty
};

// What ComputeMetrics takes beside its arguments, an example, of so many: its number.
constexpr std::size_t MetricsBytes(std::uint64_t examples) {
  return examples <= std::uint64_t{1} << 32 ? sizeof(std::uint32_t) : sizeof(std::uint64_t);
}

// Shapes: logits [n], labels [n] of 0 or 1, groups [n] or empty, weights [n] from 0 or empty.
// Throws Error(kNumeric) that names the first example whose logit is not finite.
Metrics ComputeMetrics(std::span<const float> logits, std::span<const std::uint8_t> labels,
                       std::span<const Key> groups, std::span<const float> weights = {});

// log(1 + exp(-margin)) and so the log loss of one example, without overflow.
double LogLoss(float logit, std::uint8_t label);
double Sigmoid(double logit);

}  // namespace fathom
