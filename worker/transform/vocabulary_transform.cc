// vocabulary: values that the training part holds at least min_count times have a key of their own;
// all others share RareKey.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "worker/transform/transform.h"

namespace fathom {
namespace {

class ValueCounts : public ColumnStatistics {
 public:
  explicit ValueCounts(const ColumnConfig& column)
      : seed_(ColumnSeed(column.name)), min_count_(static_cast<std::uint64_t>(column.min_count)) {}

  void AddValue(std::string_view value, std::uint64_t /*place*/) override {
    ++counts_[ValueKey(seed_, value)];
  }

  void Merge(ColumnStatistics&& later) override {
    for (const auto& [key, count] : static_cast<ValueCounts&>(later).counts_) counts_[key] += count;
  }

  LearntTransform Learn() const override {
    LearntTransform learnt;
    for (const auto& [key, count] : counts_) {
      if (count >= min_count_) learnt.vocabulary.push_back(key);
    }
    std::sort(learnt.vocabulary.begin(), learnt.vocabulary.end());
    return learnt;
  }

 private:
  std::uint64_t seed_;
  std::uint64_t min_count_;
  std::unordered_map<Key, std::uint64_t> counts_;
};

class VocabularyTransform : public Transform {
 public:
  VocabularyTransform(const ColumnConfig& column, const LearntTransform* learnt)
      : column_(column), seed_(ColumnSeed(column.name)) {
    if (learnt == nullptr) return;
    learnt_ = true;
    vocabulary_.insert(learnt->vocabulary.begin(), learnt->vocabulary.end());
  }

  bool KeyOf(std::string_view value, Key* key, std::string* /*error*/) const override {
    *key = ValueKey(seed_, value);
    if (learnt_ && vocabulary_.count(*key) == 0) *key = RareKey(seed_);
    return true;
  }

  std::unique_ptr<ColumnStatistics> NewStatistics() const override {
    return std::make_unique<ValueCounts>(column_);
  }

 private:
  ColumnConfig column_;
  std::uint64_t seed_;
  bool learnt_ = false;
  std::unordered_set<Key> vocabulary_;
};

}  // namespace

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kVocabulary>(
    const ColumnConfig& column, const LearntTransform* learnt) {
  return std::make_unique<VocabularyTransform>(column, learnt);
}

}  // namespace fathom
