// The numbers of a record that are small counts: read, standardised and observed together.
//
// Most numeric columns of a click log hold counts of a few digits, or nothing. For those one loop
// reads the digits without branches on the texts, whose lengths a processor cannot predict, and
// loops of eight columns do the arithmetic, which the compiler turns into vectors. Any other text
// is left to the caller. The results are, bit for bit, those of ParseNumber, SignedLog and Moments
// on one number at a time.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "worker/transform/moments.h"

namespace fathom {

struct NumericColumn {
  std::size_t slot = 0;  // among the record's values
  bool log = false;
  bool zero_if_missing = false;
  double mean = 0, stddev = 1;  // 0 and 1: not standardised
};

// Thread rule: one thread's own.
class NumericColumns {
 public:
  void Add(const NumericColumn& column);
  std::size_t size() const { return columns_.size(); }

  // Reads the columns' texts. False: some are odd, that is neither a small count nor empty.
  bool Read(const std::vector<std::string_view>& values);
  bool odd(std::size_t i) const { return groups_[i / kLanes].odd[i % kLanes] != 0; }

  // Whether there is a number; a missing one may stand for zero.
  bool present(std::size_t i) const { return groups_[i / kLanes].present[i % kLanes] != 0; }
  double number(std::size_t i) const { return groups_[i / kLanes].number[i % kLanes]; }

  // What the text of an odd one amounts to, its log if the column takes one.
  void Set(std::size_t i, double number) {
    groups_[i / kLanes].number[i % kLanes] = number;
    groups_[i / kLanes].odd[i % kLanes] = 0;
  }

  // The standardised number.
  double standardised(std::size_t i) const {
    const Group& group = groups_[i / kLanes];
    const std::size_t lane = i % kLanes;
    return (group.number[lane] - group.mean[lane]) / group.stddev[lane];
  }

  // Writes the standardised numbers, 0 for those that are missing.
  void Write(float* numbers) const;

  // Adds the numbers that are there, and not odd, to the moments of their columns.
  void Observe();
  Moments moments(std::size_t i) const;
  void ForgetMoments();

 private:
  static constexpr std::size_t kLanes = 8;
  struct alignas(64) Group {
    // Of the record at hand. `odd` and `present` are 0 or 1.
    std::uint64_t digits[kLanes] = {};
    std::uint64_t size[kLanes] = {};
    std::uint32_t count[kLanes] = {};
    double number[kLanes] = {};  // after the log
    std::uint64_t odd[kLanes] = {};
    std::uint64_t present[kLanes] = {};
    // Of the columns. Lanes without a column are as a column that is always missing.
    std::uint64_t log[kLanes] = {};
    std::uint64_t zero_if_missing[kLanes] = {};
    double mean[kLanes] = {};
    double stddev[kLanes] = {1, 1, 1, 1, 1, 1, 1, 1};
    // Welford 1962.
    double seen[kLanes] = {};
    double seen_mean[kLanes] = {};
    double seen_squares[kLanes] = {};
  };

  static bool ReadCounts(Group* group);

  std::vector<NumericColumn> columns_;
  std::vector<Group> groups_;  // column i is lane i % kLanes of group i / kLanes
};

}  // namespace fathom
