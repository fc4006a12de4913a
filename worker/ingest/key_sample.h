// Which keys of the training part the other parts have too, from a sample of bounded size.
//
// The sample is one of keys, drawn by the keys themselves: it holds every key whose lowest `level`
// bits are 0, wherever it occurs. With level 0 it is exact. When it holds more than it may, the
// level rises and half of it goes. So it depends on the set of keys alone, and not on their order
// or on the threads that saw them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/key.h"
#include "worker/data/packed_format.h"

namespace fathom {

// Thread rule: one thread's own. Memory: up to 48 B for each key that it may hold.
class KeySample {
 public:
  explicit KeySample(std::size_t most_keys) : most_keys_(most_keys), slots_(kFirstSlots) {}

  // One occurrence of a key in a part. Keys are well mixed.
  void Add(Key key, DataPart part) {
    if ((key & mask_) != 0) return;
    if (part == DataPart::kTrain && slots_[FirstSlot(key)].IsTrained(key)) return;
    Take(key, part);
  }

  void Merge(const KeySample& other);

  int level() const { return level_; }

  struct Entry {
    Key key = 0;                                             // 0: the slot is free
    bool trained = false;                                    // the training part has it
    std::array<std::uint32_t, kDataParts> occurrences = {};  // in the other parts

    bool IsTrained(Key of) const { return key == of && trained; }
  };

  // visit(entry) for each key of the sample.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const Entry& entry : slots_) {
      if (entry.key != 0) visit(entry);
    }
  }

 private:
  static constexpr std::size_t kFirstSlots = 64;  // a power of two

  // Above the bits that levels look at.
  std::size_t FirstSlot(Key key) const { return (key >> 24) & (slots_.size() - 1); }
  Entry& Find(Key key);
  void Take(Key key, DataPart part);
  void Insert(const Entry& entry);
  void Rehash(std::size_t slots);
  void RaiseLevel();

  std::size_t most_keys_;
  std::vector<Entry> slots_;  // open addressing, at most half full
  std::size_t keys_ = 0;
  int level_ = 0;
  Key mask_ = 0;  // the lowest `level_` bits
};

}  // namespace fathom
