// The numbers of a record that are small counts, read, standardised and observed together.
//
// Most numeric columns of a click log hold counts of a few digits, or nothing. For those there is
// one loop without branches for the texts, whose lengths no processor can foresee, and one vector
// loop for the arithmetic. Any other text is left to the caller. What comes out is, bit for bit,
// what ParseNumber, SignedLog and ColumnStatistics make of one number at a time.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "worker/column_statistics.h"

namespace fathom {

struct NumericColumn {
  std::size_t slot = 0;    // among the record's values
  std::size_t column = 0;  // the caller's number for it
  bool log = false;
  bool zero_if_missing = false;
  double mean = 0, stddev = 1;  // 0 and 1: not standardised
};

// Thread rule: one thread's own.
class NumericColumns {
 public:
  void Add(const NumericColumn& column);
  std::size_t size() const { return columns_.size(); }
  const std::vector<NumericColumn>& columns() const { return columns_; }

  // Reads the columns' texts. False: some are neither a short count nor empty.
  bool Read(const std::vector<std::string_view>& values);
  bool odd(std::size_t i) const { return odd_[i] != 0; }

  // Whether there is a number; a missing one may stand for zero.
  bool present(std::size_t i) const { return present_[i] != 0; }
  double number(std::size_t i) const { return numbers_[i]; }  // after the log

  // What the text of an odd one amounts to, its log if the column takes one.
  void Set(std::size_t i, double number) {
    numbers_[i] = number;
    odd_[i] = 0;
  }

  // Writes the transformed numbers, 0 for those that are missing.
  void Write(float* numbers) const;

  // Adds the numbers that are there, and not odd, to the moments of their columns. MoveTo gives
  // these to the columns' statistics, which have had no numbers, and begins anew.
  void Observe();
  void MoveTo(std::vector<ColumnStatistics>* statistics);

 private:
  std::vector<NumericColumn> columns_;
  // By column; apart from each other, for the vector loops.
  std::vector<double> mean_, stddev_;
  std::vector<std::uint32_t> counts_;
  std::vector<std::uint8_t> odd_;
  std::vector<double> numbers_;  // after the log
  std::vector<double> present_;  // 1 where there is a number, or a missing one stands for zero
  std::vector<double> seen_, seen_mean_, seen_squares_;  // Welford 1962
};

}  // namespace fathom
