// The numeric columns of a record in one go: read, transformed and observed by NumericColumns as
// far as that goes, and by their own encoders and transforms from there.
#pragma once

#include <string_view>
#include <vector>

#include "worker/feature/column_encoder.h"
#include "worker/feature/numeric_columns.h"
#include "worker/transform/column_statistics.h"

namespace fathom {

// Thread rule: one thread's own. The results are, bit for bit, those of ColumnEncoder.
class NumberBatch {
 public:
  // The encoder must outlive this object. `column`: its number in the config.
  void Add(const ColumnEncoder& encoder, std::size_t column);

  // Reads the columns' texts. False: some text is no number.
  bool Read(const std::vector<std::string_view>& values);

  // Writes the transformed numbers, in the order in which the columns were added.
  void Write(float* numbers) const;

  // Adds the numbers that were read to the statistics. EndObserving completes them after the last
  // record that goes into them.
  void Observe(std::uint64_t place, StatisticsByColumn* statistics);
  void EndObserving(StatisticsByColumn* statistics);

 private:
  NumericColumns numbers_;
  std::vector<const ColumnEncoder*> encoders_;  // by number in numbers_
  std::vector<std::size_t> columns_;            // the same, in the config
  std::vector<std::size_t> further_;            // those whose transform has a further step
  std::vector<std::size_t> moments_;            // those that learn moments alone
  std::vector<std::size_t> each_;               // those that learn from each number
};

}  // namespace fathom
