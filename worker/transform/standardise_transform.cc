// standardise: (x - mean) / standard deviation of the training part. log_standardise: the same of
// the logs.
#include "worker/transform/transform.h"

namespace fathom {
namespace {

class MomentStatistics : public ColumnStatistics {
 public:
  Moments* OnlyMoments() override { return &moments_; }

  void Merge(ColumnStatistics&& later) override {
    moments_.Merge(static_cast<MomentStatistics&>(later).moments_);
  }

  LearntTransform Learn() const override {
    LearntTransform learnt;
    learnt.mean = moments_.mean;
    learnt.stddev = moments_.Stddev();
    return learnt;
  }

 private:
  Moments moments_;
};

class StandardiseTransform : public Transform {
 public:
  StandardiseTransform(bool log, const LearntTransform* learnt) : steps_{.log = log} {
    if (learnt == nullptr) return;
    steps_.mean = learnt->mean;
    steps_.stddev = learnt->stddev;
  }

  NumberSteps Steps() const override { return steps_; }

  std::unique_ptr<ColumnStatistics> NewStatistics() const override {
    return std::make_unique<MomentStatistics>();
  }

 private:
  NumberSteps steps_;
};

}  // namespace

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kStandardise>(
    const ColumnConfig& /*column*/, const LearntTransform* learnt) {
  return std::make_unique<StandardiseTransform>(false, learnt);
}

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kLogStandardise>(
    const ColumnConfig& /*column*/, const LearntTransform* learnt) {
  return std::make_unique<StandardiseTransform>(true, learnt);
}

}  // namespace fathom
