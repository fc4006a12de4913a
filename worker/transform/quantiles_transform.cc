// quantiles: the class of a number between boundaries that cut the training part's numbers into
// classes of equal size; of a numeric column, where the class stands in [0, 1].
#include <algorithm>

#include "worker/transform/number_classes.h"
#include "worker/transform/number_sample.h"

namespace fathom {
namespace {

constexpr double kMiddle = 0.5;

class QuantileStatistics : public ColumnStatistics {
 public:
  explicit QuantileStatistics(std::int64_t classes) : classes_(static_cast<std::size_t>(classes)) {}

  void AddValue(std::string_view value, std::uint64_t place) override {
    if (const auto number = ParseNumber(value)) AddNumber(*number, place);
  }

  void AddNumber(double x, std::uint64_t place) override {
    moments_.Add(x);
    sample_.Add(x, place);
  }

  void Merge(ColumnStatistics&& later) override {
    auto& other = static_cast<QuantileStatistics&>(later);
    moments_.Merge(other.moments_);
    sample_.Merge(other.sample_);
  }

  LearntTransform Learn() const override {
    LearntTransform learnt;
    if (moments_.numbers == 0) return learnt;
    learnt.mean = moments_.mean;
    learnt.stddev = moments_.Stddev();
    const std::vector<double> sorted = sample_.Sorted();
    for (std::size_t i = 1; i < classes_; ++i)
      learnt.boundaries.push_back(sorted[i * sorted.size() / classes_]);
    learnt.boundaries.erase(std::unique(learnt.boundaries.begin(), learnt.boundaries.end()),
                            learnt.boundaries.end());
    return learnt;
  }

 private:
  std::size_t classes_;
  Moments moments_;
  NumberSample sample_;
};

class QuantilesTransform : public Transform {
 public:
  QuantilesTransform(const ColumnConfig& column, const LearntTransform* learnt)
      : classes_(column.name, learnt == nullptr ? std::vector<double>() : learnt->boundaries),
        quantiles_(column.quantiles) {}

  bool KeyOf(std::string_view value, Key* key, std::string* error) const override {
    return classes_.KeyOf(value, key, error);
  }

  std::string NameOf(std::string_view value) const override { return classes_.NameOf(value); }

  NumberSteps Steps() const override { return {.further = true}; }

  // Cheng et al. 2016, section 4.1: (class - 1) / (classes - 1), in [0, 1].
  double Further(double x) const override {
    if (classes_.boundaries() == 0) return kMiddle;
    return static_cast<double>(classes_.Of(x)) / static_cast<double>(classes_.boundaries());
  }

  float Missing() const override { return kMiddle; }

  std::unique_ptr<ColumnStatistics> NewStatistics() const override {
    return std::make_unique<QuantileStatistics>(quantiles_);
  }

 private:
  NumberClasses classes_;
  std::int64_t quantiles_;
};

}  // namespace

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kQuantiles>(
    const ColumnConfig& column, const LearntTransform* learnt) {
  return std::make_unique<QuantilesTransform>(column, learnt);
}

}  // namespace fathom
