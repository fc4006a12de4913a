#include "worker/ingest/key_sample.h"

#include <utility>

namespace fathom {

KeySample::Entry& KeySample::Find(Key key) {
  std::size_t slot = FirstSlot(key);
  while (slots_[slot].key != 0 && slots_[slot].key != key) slot = (slot + 1) & (slots_.size() - 1);
  return slots_[slot];
}

void KeySample::Take(Key key, DataPart part) {
  Entry one;
  one.key = key;
  one.trained = part == DataPart::kTrain;
  if (!one.trained) one.occurrences[static_cast<std::size_t>(part)] = 1;
  Insert(one);
}

void KeySample::Insert(const Entry& entry) {
  if (entry.key == 0 || (entry.key & mask_) != 0) return;
  Entry& place = Find(entry.key);
  const bool is_new = place.key == 0;
  place.key = entry.key;
  place.trained |= entry.trained;
  for (std::size_t p = 0; p < kDataParts; ++p) place.occurrences[p] += entry.occurrences[p];
  if (!is_new) return;
  ++keys_;
  while (keys_ > most_keys_) RaiseLevel();
  if (2 * keys_ > slots_.size()) Rehash(2 * slots_.size());
}

void KeySample::Rehash(std::size_t slots) {
  const std::vector<Entry> old = std::exchange(slots_, std::vector<Entry>(slots));
  keys_ = 0;
  for (const Entry& entry : old) {
    if (entry.key == 0 || (entry.key & mask_) != 0) continue;
    Find(entry.key) = entry;
    ++keys_;
  }
}

void KeySample::RaiseLevel() {
  ++level_;
  mask_ = (Key{1} << level_) - 1;
  Rehash(slots_.size());
}

void KeySample::Merge(const KeySample& other) {
  while (level_ < other.level_) RaiseLevel();
  other.ForEach([&](const Entry& entry) { Insert(entry); });
}

}  // namespace fathom
