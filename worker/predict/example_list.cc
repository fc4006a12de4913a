#include "worker/predict/example_list.h"

#include "common/check.h"

namespace fathom {

void ExampleList::Clear() {
  examples_ = 0;
  keys_.clear();
  numerics_.clear();
  list_begins_.clear();
  list_keys_.clear();
  list_weights_.clear();
}

void ExampleList::Add(const EncodedExample& example) {
  if (examples_ == 0) {
    singles_ = example.keys.size();
    numbers_ = example.numerics.size();
    lists_ = example.lists.size();
  }
  FATHOM_CHECK(example.keys.size() == singles_ && example.numerics.size() == numbers_ &&
               example.lists.size() == lists_);
  keys_.insert(keys_.end(), example.keys.begin(), example.keys.end());
  numerics_.insert(numerics_.end(), example.numerics.begin(), example.numerics.end());
  for (std::size_t m = 0; m < lists_; ++m) {
    list_begins_.push_back(static_cast<std::uint32_t>(list_keys_.size()));
    list_keys_.insert(list_keys_.end(), example.lists[m].begin(), example.lists[m].end());
    const std::vector<float>& weights = example.list_weights[m];
    list_weights_.insert(list_weights_.end(), weights.begin(), weights.end());
    list_weights_.resize(list_keys_.size(), 1.0F);
  }
  list_begins_.push_back(static_cast<std::uint32_t>(list_keys_.size()));
  ++examples_;
}

ExampleView ExampleList::Example(std::uint64_t index, ExampleScratch*) const {
  return {.numerics = numerics_.data() + index * numbers_,
          .keys = keys_.data() + index * singles_,
          .list_begins = list_begins_.data() + index * (lists_ + 1),
          .list_keys = list_keys_.data(),
          .list_weights = list_weights_.data()};
}

}  // namespace fathom
