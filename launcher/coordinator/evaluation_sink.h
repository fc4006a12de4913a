// Collects the scores of one evaluation from all workers, in the order of the examples.
#pragma once

#include <cstdint>
#include <vector>

#include "common/message/scores_message.h"
#include "common/metrics/metrics.h"

namespace fathom {

class EvaluationSink {
 public:
  // Bytes that one of so many examples takes while the metrics are computed: its logit, label and
  // group, weight, and those of ComputeMetrics.
  static constexpr std::size_t BytesOfExample(std::uint64_t examples, bool grouped,
                                              bool weighted = false) {
    return sizeof(float) + sizeof(std::uint8_t) + (grouped ? sizeof(Key) : 0) +
           (weighted ? sizeof(float) : 0) + MetricsBytes(examples);
  }

  // `fields`: the model's, nothing counted yet.
  EvaluationSink(std::uint64_t examples, bool grouped, bool weighted = false,
                 std::vector<FieldCoverage> fields = {});

  // Throws Error(kPeer) where the scores lie outside the examples or come twice, or count the
  // values of other fields.
  void Add(const ScoresMessage& scores);

  bool complete() const { return received_ == logits_.size(); }
  Metrics Compute() const;
  const std::vector<float>& logits() const { return logits_; }

 private:
  std::vector<float> logits_;
  std::vector<std::uint8_t> labels_;  // kAbsent until the score is there
  std::vector<Key> groups_;
  std::vector<float> weights_;
  std::vector<FieldCoverage> coverage_;
  std::uint64_t received_ = 0;
};

}  // namespace fathom
