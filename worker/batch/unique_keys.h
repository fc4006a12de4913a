// Numbers a batch's keys: the same key, the same number, in order of first appearance.
//
// Open addressing with linear probing; it grows with the batch's distinct keys, not with their
// occurrences, and keeps its memory from batch to batch. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "common/key.h"

namespace fathom {

class UniqueKeys {
 public:
  UniqueKeys() : slots_(kFirstSlots) {}

  // Forgets all keys.
  void Clear();

  // The key's number: below size().
  std::uint32_t Number(Key key) {
    for (std::size_t at = key & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[at];
      if (slot.number != 0 && slot.key == key) return slot.number - 1;
      if (slot.number == 0) return Add(key, at);
    }
  }

  std::size_t size() const { return keys_.size(); }

  // The keys in ascending order, and for each number the place of its key there.
  void Sort(std::vector<Key>* sorted, std::vector<std::uint32_t>* places);

 private:
  struct Slot {
    Key key = 0;
    std::uint32_t number = 0;  // plus 1; 0: empty
  };
  struct Numbered {
    Key key;
    std::uint32_t number;
  };
  static constexpr std::size_t kFirstSlots = 1024;  // a power of two
  static constexpr std::size_t kFew = 64;

  void SortFew();
  void SortInBuckets();
  std::uint32_t Add(Key key, std::size_t at);
  void Grow();

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> taken_;  // places of the slots that are not empty, while few are
  std::vector<Key> keys_;             // by number
  std::vector<Numbered> buckets_;
  std::vector<std::uint32_t> begins_;
};

}  // namespace fathom
