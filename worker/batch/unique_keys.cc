#include "worker/batch/unique_keys.h"

#include <algorithm>

namespace fathom {
namespace {

// Keys are well mixed, so their top bits spread them over buckets of a few keys each.
constexpr int kBucketBits = 12;

}  // namespace

void UniqueKeys::Clear() {
  if (keys_.size() <= kFew) {
    for (const std::uint32_t at : taken_) slots_[at] = Slot();
  } else {
    std::fill(slots_.begin(), slots_.end(), Slot());
  }
  taken_.clear();
  keys_.clear();
}

std::uint32_t UniqueKeys::Add(Key key, std::size_t at) {
  keys_.push_back(key);
  const auto number = static_cast<std::uint32_t>(keys_.size());
  slots_[at] = {key, number};
  if (keys_.size() <= kFew) taken_.push_back(static_cast<std::uint32_t>(at));
  if (keys_.size() * 2 > slots_.size()) Grow();
  return number - 1;
}

void UniqueKeys::Grow() {
  slots_.assign(slots_.size() * 2, Slot());
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    std::size_t at = keys_[i] & (slots_.size() - 1);
    while (slots_[at].number != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {keys_[i], static_cast<std::uint32_t>(i + 1)};
  }
}

// Buckets cost more than they save: the keys of an example that is scored alone.
void UniqueKeys::SortFew() {
  buckets_.resize(keys_.size());
  for (std::size_t i = 0; i < keys_.size(); ++i)
    buckets_[i] = {keys_[i], static_cast<std::uint32_t>(i)};
  std::sort(buckets_.begin(), buckets_.end(),
            [](const Numbered& a, const Numbered& b) { return a.key < b.key; });
}

void UniqueKeys::Sort(std::vector<Key>* sorted, std::vector<std::uint32_t>* places) {
  if (keys_.size() <= kFew) {
    SortFew();
  } else {
    SortInBuckets();
  }
  sorted->resize(keys_.size());
  places->resize(keys_.size());
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    (*sorted)[i] = buckets_[i].key;
    (*places)[buckets_[i].number] = static_cast<std::uint32_t>(i);
  }
}

// One counting pass over the keys' top bits, then each bucket by itself.
void UniqueKeys::SortInBuckets() {
  constexpr std::size_t kBuckets = std::size_t{1} << kBucketBits;
  const auto bucket_of = [](Key key) {
    return static_cast<std::size_t>(key >> (64 - kBucketBits));
  };
  begins_.assign(kBuckets + 1, 0);
  for (const Key key : keys_) ++begins_[bucket_of(key) + 1];
  for (std::size_t b = 0; b < kBuckets; ++b) begins_[b + 1] += begins_[b];
  buckets_.resize(keys_.size());
  // Afterwards begins_[b] is where bucket b ends.
  for (std::size_t i = 0; i < keys_.size(); ++i)
    buckets_[begins_[bucket_of(keys_[i])]++] = {keys_[i], static_cast<std::uint32_t>(i)};
  const auto before = [](const Numbered& a, const Numbered& b) { return a.key < b.key; };
  std::uint32_t begin = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    std::sort(buckets_.begin() + begin, buckets_.begin() + begins_[b], before);
    begin = begins_[b];
  }
}

}  // namespace fathom
