// The order of the training examples in an epoch: a pure function of (seed, epoch), found at any
// position without a table.
//
// The examples are cut into windows of train.shuffle_window; the windows are permuted, and the
// examples inside each. So a window's packed bytes stay in the page cache while it is read.
#pragma once

#include <cstdint>

#include "common/config/config.h"

namespace fathom {

// A permutation of [0, size) by a Feistel network that walks its cycle back into the range
// (Black and Rogaway 2002).
class Permutation {
 public:
  Permutation(std::uint64_t size, std::uint64_t seed);
  std::uint64_t operator()(std::uint64_t i) const;

 private:
  std::uint64_t size_;
  std::uint64_t seed_;
  int half_bits_;
};

class EpochOrder {
 public:
  EpochOrder(const Config& config, std::uint64_t examples, std::uint64_t epoch);

  // The example at a position of the epoch, both in [0, examples).
  std::uint64_t operator()(std::uint64_t position) const;

 private:
  bool shuffle_;
  std::uint64_t examples_;
  std::uint64_t window_;
  std::uint64_t seed_;
  std::uint64_t windows_;
  Permutation window_order_;
  std::uint64_t short_turn_;  // when the last window, which may be shorter, has its turn
};

}  // namespace fathom
