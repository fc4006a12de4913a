#include "worker/data/packed_examples.h"

#include <cstring>

#include "common/check.h"

namespace fathom {

void PackedExamples::Clear() {
  labels_ = 0;
  positives_ = 0;
  weights_ = {};
  records_.clear();
  list_keys_.clear();
  list_weights_.clear();
}

void PackedExamples::Add(const EncodedExample& example) {
  const PackedShape& shape = *shape_;
  FATHOM_CHECK_EQ(example.keys.size(), shape.singles);
  FATHOM_CHECK_EQ(example.numerics.size(), shape.numerics);
  FATHOM_CHECK_EQ(example.lists.size(), shape.multivalents);
  const std::size_t begin = records_.size();
  records_.resize(begin + shape.record_bytes);
  std::byte* record = records_.data() + begin;
  const auto put = [record](std::size_t offset, const void* from, std::size_t bytes) {
    if (bytes > 0) std::memcpy(record + offset, from, bytes);
  };
  put(0, example.keys.data(), example.keys.size() * sizeof(Key));
  if (shape.grouped) put(shape.group_offset, &example.group, sizeof(Key));
  for (std::size_t m = 0; m < shape.multivalents; ++m) {
    const auto at = static_cast<std::uint32_t>(list_keys_.size());
    put(shape.lists_offset + m * sizeof(at), &at, sizeof(at));
    const std::vector<Key>& list = example.lists[m];
    list_keys_.insert(list_keys_.end(), list.begin(), list.end());
    if (!shape.weighted) continue;
    const std::vector<float>& weights = example.list_weights[m];
    if (weights.empty()) {
      list_weights_.resize(list_keys_.size(), 1.0F);
    } else {
      FATHOM_CHECK_EQ(weights.size(), list.size());
      list_weights_.insert(list_weights_.end(), weights.begin(), weights.end());
    }
  }
  if (shape.multivalents > 0) {
    const auto end = static_cast<std::uint32_t>(list_keys_.size());
    put(shape.lists_offset + shape.multivalents * sizeof(end), &end, sizeof(end));
  }
  put(shape.numerics_offset, example.numerics.data(), example.numerics.size() * sizeof(float));
  if (shape.example_weights) {
    put(shape.weight_offset, &example.weight, sizeof(float));
    weights_.Add({example.weight, example.label * static_cast<double>(example.weight)});
  }
  record[shape.label_offset] = static_cast<std::byte>(example.label);
  ++labels_;
  positives_ += example.label;
}

}  // namespace fathom
