// What can be seen of the data while they are packed and should be told: numeric columns that never
// change, lines that the training part and another part share, values that another part has and
// the training part has not.
//
// It must not slow packing down, so not every value is looked at:
//   lines   the first 16,384 of each file, and behind them the one in 128 of which four words have a
//           hash that ends in seven zero bits; of these a sample of 16,384 (key_sample.h)
//   values  of the first 16,384 lines of each file, then of each 64th line, by a sample of 2,048
//           different ones of each column. Of the training part's other lines those values are
//           looked at whose key ends in seven zero bits.
// So both are exact for files of up to 16,384 lines and columns of up to 2,048 values. For more
// lines, and for columns of more values, they are estimates without bias, from those whose every
// occurrence was looked at. For columns of fewer values in longer files the share of unseen values
// is at most 12 points too high (Good 1953: what was not looked at is as frequent as what was seen
// once).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"
#include "worker/data/packed_examples.h"
#include "worker/ingest/key_sample.h"

namespace fathom {

// Occurrences of values that were looked at, and how many of them the training part never had, or
// its vocabulary leaves out.
struct UnseenValues {
  std::string column;
  std::uint64_t values = 0;
  std::uint64_t unseen = 0;
  std::uint64_t one_in = 1;  // of so many different values one was looked at
  double share() const {
    return values == 0 ? 0 : static_cast<double>(unseen) / static_cast<double>(values);
  }
};

// What a DataWatch has found, by part where that matters.
struct DataFindings {
  std::vector<std::string> constant_columns;
  std::array<std::uint64_t, kDataParts> shared_lines = {};  // that the training part has too
  bool exact_lines = true;
  std::array<std::vector<UnseenValues>, kDataParts> unseen;  // by column
};

// Thread rule: one thread's own; they are merged in any order. Memory: at most 0.8 MB, and 0.1 MB
// for each categorical or multivalent column.
class DataWatch {
 public:
  // `other_parts`: whether there is a part beside the training part; else nothing is looked at but
  // the numbers.
  DataWatch(const Config& config, bool other_parts);

  // `line`: its number in its file; `text`: all of it.
  void See(DataPart part, const EncodedExample& example, std::uint64_t line, std::string_view text);

  void Merge(const DataWatch& other);

  DataFindings Findings() const;

 private:
  struct ValueColumn {
    std::string name;
    Key rare;
    KeySample sample;
  };
  void SeeNumbers(const std::vector<float>& numbers);
  void SeeLine(DataPart part, std::string_view text, bool in_full);
  void SeeValues(DataPart part, const EncodedExample& example);
  void SeeRareKeys(const EncodedExample& example);
  std::uint64_t OneIn(const KeySample& sample) const;
  void MergeNumbers(const DataWatch& other);
  std::vector<UnseenValues> Unseen(DataPart part) const;

  bool other_parts_;
  bool every_line_ = true;  // was looked at
  std::vector<std::string> number_names_;
  std::vector<float> first_numbers_;
  std::vector<std::size_t> constant_;  // numbers that have not changed yet
  std::uint64_t trained_ = 0;          // examples of the training part
  KeySample lines_;
  std::vector<ValueColumn> singles_;  // by place among an example's keys
  std::vector<ValueColumn> lists_;    // by place among its lists
};

}  // namespace fathom
