// What a step has changed, as one number: in sync mode the same on every layout.
//
// The sum, modulo 2^64, of a hash of each row that the step has updated (table, key, new state) and
// of each block of the dense parameters, whose state shows in the next step's. A sum, so that
// neither the order counts nor which server has what: the digests of all servers add up to the
// step's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "common/key.h"
#include "common/random.h"
#include "common/xxh3.h"

namespace fathom {

// Thread rule: one thread's own.
class StepDigest {
 public:
  void AddRow(std::size_t table, Key key, std::span<const float> state) {
    Add(key + table * kOdd, state);
  }

  // `first`: of the values among all dense parameters, a multiple of kBlock.
  void AddDense(std::size_t first, std::span<const float> values) {
    for (std::size_t i = 0; i < values.size(); i += kBlock)
      Add(~((first + i) * kOdd), values.subspan(i, std::min(kBlock, values.size() - i)));
  }

  // The sum so far, which begins anew.
  std::uint64_t Take() { return std::exchange(sum_, 0); }

 private:
  // Whole keys and places in a mix are as good as hashed ones: Mix64 spreads their bits.
  void Add(std::uint64_t place, std::span<const float> numbers) {
    sum_ += Mix64(Xxh3(std::as_bytes(numbers)) ^ place);
  }

  static constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15ULL;
  static constexpr std::size_t kBlock =
      16;  // ranges of servers are multiples of it (dense_range.h)
  std::uint64_t sum_ = 0;
};

}  // namespace fathom
