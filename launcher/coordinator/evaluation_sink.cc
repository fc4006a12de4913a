#include "launcher/coordinator/evaluation_sink.h"

#include <algorithm>
#include <utility>

#include "common/error.h"

namespace fathom {
namespace {

constexpr std::uint8_t kAbsent = 0xFF;

}  // namespace

EvaluationSink::EvaluationSink(std::uint64_t examples, bool grouped, bool weighted,
                               std::vector<FieldCoverage> fields)
    : logits_(examples),
      labels_(examples, kAbsent),
      groups_(grouped ? examples : 0),
      weights_(weighted ? examples : 0),
      coverage_(std::move(fields)) {}

Metrics EvaluationSink::Compute() const {
  Metrics metrics = ComputeMetrics(logits_, labels_, groups_, weights_);
  metrics.coverage = coverage_;
  return metrics;
}

void EvaluationSink::Add(const ScoresMessage& scores) {
  const std::uint64_t count = scores.logits.size();
  if (count > logits_.size() || scores.first > logits_.size() - count) {
    Fail(ExitCode::kPeer, "scores of examples {} to {} came, but the evaluation has {}",
         scores.first, scores.first + count, logits_.size());
  }
  const auto first = static_cast<std::ptrdiff_t>(scores.first);
  const auto labels = labels_.begin() + first;
  const bool fresh = std::all_of(labels, labels + static_cast<std::ptrdiff_t>(count),
                                 [](std::uint8_t label) { return label == kAbsent; });
  if (!fresh) Fail(ExitCode::kPeer, "scores of examples from {} came twice", scores.first);
  if (!groups_.empty() && scores.groups.size() != count) {
    Fail(ExitCode::kPeer, "scores of examples from {} came without their groups", scores.first);
  }
  if (!weights_.empty() && scores.weights.size() != count) {
    Fail(ExitCode::kPeer, "scores of examples from {} came without their weights", scores.first);
  }
  if (scores.values.size() != coverage_.size()) {
    Fail(ExitCode::kPeer, "scores of examples from {} count the values of {} fields, not of {}",
         scores.first, scores.values.size(), coverage_.size());
  }
  std::copy(scores.logits.begin(), scores.logits.end(), logits_.begin() + first);
  std::copy(scores.labels.begin(), scores.labels.end(), labels);
  if (!groups_.empty())
    std::copy(scores.groups.begin(), scores.groups.end(), groups_.begin() + first);
  if (!weights_.empty())
    std::copy(scores.weights.begin(), scores.weights.end(), weights_.begin() + first);
  for (std::size_t f = 0; f < coverage_.size(); ++f) {
    coverage_[f].values += scores.values[f];
    coverage_[f].without_row += scores.without_row[f];
  }
  received_ += count;
}

}  // namespace fathom
