// How often each value occurs in each fold of the training part, and how often with label 1.
//
// A line's fold is a hash of its place, so that it does not depend on what the line says.
#pragma once

#include <cstdint>
#include <vector>

#include "common/random.h"

namespace fathom {

struct LabelCounts {
  double examples = 0;
  double positives = 0;

  void Add(const LabelCounts& more) {
    examples += more.examples;
    positives += more.positives;
  }
};

inline std::uint32_t FoldOf(std::uint64_t place, std::int64_t folds) {
  return static_cast<std::uint32_t>(Mix64(place) % static_cast<std::uint64_t>(folds));
}

// Thread rule: immutable once filled. Memory: 8 B a value and 12 B for each fold that it is in.
class FoldCounts {
 public:
  explicit FoldCounts(std::int64_t folds) : totals_(static_cast<std::size_t>(folds)) {}

  // The next value, in order of the vocabulary; Add then counts of it.
  void BeginValue() { begins_.push_back(entries_.size()); }
  void Add(std::uint32_t fold, std::uint32_t examples, std::uint32_t positives) {
    entries_.push_back({fold, examples, positives});
    const LabelCounts counts = {static_cast<double>(examples), static_cast<double>(positives)};
    totals_[fold].Add(counts);
    total_.Add(counts);
  }

  std::size_t folds() const { return totals_.size(); }

  // Of a value in all folds but one.
  LabelCounts Without(std::size_t value, std::uint32_t fold) const {
    LabelCounts counts;
    const std::size_t end = value + 1 < begins_.size() ? begins_[value + 1] : entries_.size();
    for (std::size_t at = begins_[value]; at < end; ++at) {
      const Entry& entry = entries_[at];
      if (entry.fold != fold)
        counts.Add({static_cast<double>(entry.examples), static_cast<double>(entry.positives)});
    }
    return counts;
  }

  // Of all values in all folds but one.
  LabelCounts AllWithout(std::uint32_t fold) const {
    return {total_.examples - totals_[fold].examples, total_.positives - totals_[fold].positives};
  }

 private:
  struct Entry {
    std::uint32_t fold, examples, positives;
  };
  std::vector<std::size_t> begins_;  // by value, in entries_
  std::vector<Entry> entries_;
  std::vector<LabelCounts> totals_;  // by fold
  LabelCounts total_;
};

}  // namespace fathom
