// target_mean: what share of the examples with the value have label 1, as evidence:
//
//   logit(p) - logit(m),   p = (positives + prior * m) / (examples + prior)
//
// where m is the share over all values (Micci-Barreca 2001, with a weight of n / (n + prior)). The
// logit is what the model adds up, so one wide weight of 1 takes the column at its word. A value
// that says nothing, one that is missing or that the training part does not have, is 0.
//
// No line sees its own label. The training part is dealt into folds by a hash of each line's place;
// for a line of it all counts are those of the other folds. For other lines they are of all folds.
#include <algorithm>
#include <unordered_map>

#include "common/elementary.h"
#include "common/error.h"
#include "worker/transform/fold_counts.h"
#include "worker/transform/key_index.h"
#include "worker/transform/transform.h"
#include "worker/transform/value_counts.h"

namespace fathom {
namespace {

constexpr double kLeastShare = 1e-6;  // so that its logit is finite where the prior is 0

double Logit(double share) {
  const double p = std::clamp(share, kLeastShare, 1 - kLeastShare);
  return Log(p / (1 - p));
}

float Evidence(const LabelCounts& value, const LabelCounts& all, double prior) {
  if (all.examples == 0 || value.examples == 0) return 0;
  const double mean = all.positives / all.examples;
  const double share = (value.positives + prior * mean) / (value.examples + prior);
  return static_cast<float>(Logit(share) - Logit(mean));
}

class TargetMeanStatistics : public ColumnStatistics {
 public:
  explicit TargetMeanStatistics(const ColumnConfig& column)
      : seed_(ColumnSeed(column.name)), folds_(column.folds) {}

  void AddLabelled(std::string_view value, std::uint64_t place, bool positive) override {
    counts_[{ValueKey(seed_, value), FoldOf(place, folds_)}].Add(
        {.examples = 1, .positives = positive ? 1U : 0U});
  }

  void Merge(ColumnStatistics&& later) override {
    for (const auto& [place, counts] : static_cast<TargetMeanStatistics&>(later).counts_)
      counts_[place].Add(counts);
  }

  LearntTransform Learn() const override {
    std::vector<std::pair<Cell, Counts>> sorted(counts_.begin(), counts_.end());
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    LearntTransform learnt;
    auto folds = std::make_shared<FoldCounts>(folds_);
    std::vector<double>& examples = learnt.others[kExamples];
    std::vector<double>& positives = learnt.others[kPositives];
    for (const auto& [cell, counts] : sorted) {
      if (learnt.vocabulary.empty() || learnt.vocabulary.back() != cell.key) {
        learnt.vocabulary.push_back(cell.key);
        examples.push_back(0);
        positives.push_back(0);
        folds->BeginValue();
      }
      examples.back() += counts.examples;
      positives.back() += counts.positives;
      folds->Add(cell.fold, counts.examples, counts.positives);
    }
    learnt.folds = std::move(folds);
    return learnt;
  }

 private:
  struct Cell {
    Key key;
    std::uint32_t fold;
    friend auto operator<=>(const Cell&, const Cell&) = default;
  };
  struct CellHash {
    std::size_t operator()(const Cell& cell) const { return Mix64(cell.key, cell.fold); }
  };
  struct Counts {
    std::uint32_t examples = 0, positives = 0;
    void Add(const Counts& more) {
      examples += more.examples;
      positives += more.positives;
    }
  };

  std::uint64_t seed_;
  std::int64_t folds_;
  std::unordered_map<Cell, Counts, CellHash> counts_;
};

class TargetMeanTransform : public Transform {
 public:
  TargetMeanTransform(const ColumnConfig& column, const LearntTransform* learnt)
      : column_(column),
        seed_(ColumnSeed(column.name)),
        index_(learnt == nullptr ? std::vector<Key>() : learnt->vocabulary) {
    if (learnt == nullptr) return;
    folds_ = learnt->folds;
    const auto& examples = CountsOf(*learnt, kExamples, column.name);
    const auto& positives = CountsOf(*learnt, kPositives, column.name);
    LabelCounts all;
    for (std::size_t i = 0; i < examples.size(); ++i) {
      if (positives[i] > examples[i]) {
        Fail(ExitCode::kModel,
             "transforms.json: column {}: a value has more positive examples than examples: the "
             "file was altered",
             column.name);
      }
      all.Add({examples[i], positives[i]});
    }
    for (std::size_t i = 0; i < examples.size(); ++i)
      numbers_.push_back(Evidence({examples[i], positives[i]}, all, column.prior));
  }

  bool OfText() const override { return true; }
  bool LearnsFromLabels() const override { return true; }

  float NumberOf(std::string_view value, const LinePlace& line) const override {
    const std::size_t at = index_.Find(ValueKey(seed_, value));
    if (at >= numbers_.size()) return 0;
    if (!line.learnt_from || folds_ == nullptr) return numbers_[at];
    const std::uint32_t fold = FoldOf(line.number, column_.folds);
    return Evidence(folds_->Without(at, fold), folds_->AllWithout(fold), column_.prior);
  }

  std::unique_ptr<ColumnStatistics> NewStatistics() const override {
    return std::make_unique<TargetMeanStatistics>(column_);
  }

 private:
  ColumnConfig column_;
  std::uint64_t seed_;
  KeyIndex index_;
  std::vector<float> numbers_;  // by value, of all folds
  std::shared_ptr<const FoldCounts> folds_;
};

}  // namespace

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kTargetMean>(
    const ColumnConfig& column, const LearntTransform* learnt) {
  return std::make_unique<TargetMeanTransform>(column, learnt);
}

}  // namespace fathom
