// Where a key stands in an ascending list of keys: a table of their top bits, then a few steps.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "common/key.h"

namespace fathom {

// Thread rule: immutable once made. Memory: 9 to 10 B a key.
class KeyIndex {
 public:
  // `keys`: ascending, each once, hashes (so that few share their top bits).
  explicit KeyIndex(std::vector<Key> keys) : keys_(std::move(keys)) {
    while (bits_ < 32 && (std::size_t{4} << bits_) < keys_.size()) ++bits_;
    starts_.reserve((std::size_t{1} << bits_) + 1);
    std::size_t at = 0;
    for (std::uint64_t top = 0; top < std::uint64_t{1} << bits_; ++top) {
      while (at < keys_.size() && Top(keys_[at]) < top) ++at;
      starts_.push_back(static_cast<std::uint32_t>(at));
    }
    starts_.push_back(static_cast<std::uint32_t>(keys_.size()));
  }

  std::size_t size() const { return keys_.size(); }

  // size() where it is not among them.
  std::size_t Find(Key key) const {
    const std::uint64_t top = Top(key);
    const auto begin = keys_.begin() + starts_[top], end = keys_.begin() + starts_[top + 1];
    const auto at = std::lower_bound(begin, end, key);
    return at != end && *at == key ? static_cast<std::size_t>(at - keys_.begin()) : keys_.size();
  }

 private:
  std::uint64_t Top(Key key) const { return bits_ == 0 ? 0 : key >> (64 - bits_); }

  std::vector<Key> keys_;
  int bits_ = 0;
  std::vector<std::uint32_t> starts_;  // by top bits
};

}  // namespace fathom
