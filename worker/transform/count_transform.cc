// count: how many lines of the training part have the value: log(1 + count), less the mean of these
// logs over the training lines, divided by their standard deviation or by 1, whichever is greater.
//
// Counts of ids are long-tailed, as the counts that log_standardise is for. Where all counts are
// nearly equal the deviation tells nothing: divided by it, one more or fewer line would be as far
// as a rare value is from a frequent one, and a rare value hundreds away from all others. Hence the
// 1: then no number is further from another than the logs of their counts are.
//
// The training lines have no value with the count 0, so no weight is learnt of what that means. A
// value that they do not have is therefore taken for the rarest that they have, and never lies
// outside the numbers that the model was trained on. Only where missing_as = "zero" gave some of
// the lines the count 0 is it 0. Either way a higher count never has a lower number.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "common/error.h"
#include "worker/transform/key_index.h"
#include "worker/transform/signed_log.h"
#include "worker/transform/transform.h"
#include "worker/transform/value_counts.h"

namespace fathom {
namespace {

// The name, among LearntTransform::others, of the least count that a training line has.
constexpr const char* kLeast = "least";

// Of a model that has none, 0: it was trained and measured so.
double LeastOf(const LearntTransform& learnt, const std::string& column) {
  const auto least = learnt.others.find(kLeast);
  if (least == learnt.others.end()) return 0;
  if (least->second.size() == 1 && least->second.front() >= 0) return least->second.front();
  Fail(ExitCode::kModel,
       "transforms.json: column {}: \"{}\" is not one count: the file was altered", column, kLeast);
}

class CountStatistics : public ColumnStatistics {
 public:
  explicit CountStatistics(const ColumnConfig& column) : seed_(ColumnSeed(column.name)) {}

  void AddValue(std::string_view value, std::uint64_t /*place*/) override {
    ++counts_[ValueKey(seed_, value)];
  }

  // A missing value that is to be a count of 0.
  void AddNumber(double /*x*/, std::uint64_t /*place*/) override { ++zeros_; }

  void Merge(ColumnStatistics&& later) override {
    const auto& other = static_cast<CountStatistics&>(later);
    for (const auto& [key, count] : other.counts_) counts_[key] += count;
    zeros_ += other.zeros_;
  }

  LearntTransform Learn() const override {
    LearntTransform learnt;
    learnt.vocabulary.reserve(counts_.size());
    for (const auto& [key, count] : counts_) learnt.vocabulary.push_back(key);
    std::sort(learnt.vocabulary.begin(), learnt.vocabulary.end());
    std::vector<double>& examples = learnt.others[kExamples];
    // Lines by count: so that their order, and the bits of the sums, do not depend on the table's.
    std::map<std::uint64_t, std::uint64_t> lines;
    if (zeros_ > 0) lines[0] = zeros_;
    for (const Key key : learnt.vocabulary) {
      const std::uint64_t count = counts_.at(key);
      examples.push_back(static_cast<double>(count));
      lines[count] += count;
    }
    Moments moments;
    for (const auto& [count, number] : lines)
      moments.Merge({.numbers = number, .mean = SignedLog(static_cast<double>(count))});
    learnt.mean = moments.mean;
    learnt.stddev = std::max(moments.Stddev(), 1.0);
    learnt.others[kLeast] = {lines.empty() ? 0.0 : static_cast<double>(lines.begin()->first)};
    return learnt;
  }

 private:
  std::uint64_t seed_;
  std::unordered_map<Key, std::uint64_t> counts_;
  std::uint64_t zeros_ = 0;
};

class CountTransform : public Transform {
 public:
  CountTransform(const ColumnConfig& column, const LearntTransform* learnt)
      : column_(column),
        seed_(ColumnSeed(column.name)),
        index_(learnt == nullptr ? std::vector<Key>() : learnt->vocabulary) {
    if (learnt == nullptr) return;
    const auto standardised = [&](double count) {
      return static_cast<float>((SignedLog(count) - learnt->mean) / learnt->stddev);
    };
    for (const double count : CountsOf(*learnt, kExamples, column.name))
      numbers_.push_back(standardised(count));
    unseen_ = standardised(LeastOf(*learnt, column.name));
  }

  bool OfText() const override { return true; }

  float NumberOf(std::string_view value, const LinePlace& /*line*/) const override {
    const std::size_t at = index_.Find(ValueKey(seed_, value));
    return at < numbers_.size() ? numbers_[at] : unseen_;
  }

  float OfUnseen() const override { return unseen_; }

  std::unique_ptr<ColumnStatistics> NewStatistics() const override {
    return std::make_unique<CountStatistics>(column_);
  }

 private:
  ColumnConfig column_;
  std::uint64_t seed_;
  KeyIndex index_;
  std::vector<float> numbers_;  // by value
  float unseen_ = 0;
};

}  // namespace

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kCount>(
    const ColumnConfig& column, const LearntTransform* learnt) {
  return std::make_unique<CountTransform>(column, learnt);
}

}  // namespace fathom
