// Which part of the data a training line belongs to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/schedule/split.h"
#include "worker/data/packed_format.h"
#include "worker/feature/input_schema.h"

namespace fathom {

class DataPartRule {
 public:
  explicit DataPartRule(const InputSchema& schema) : data_(schema.config().data) {
    for (const std::string& column : data_.split_by) slots_.push_back(schema.Slot(column));
  }

  // By data.split_by, or by the file's name and the line's number.
  DataPart Of(const std::vector<std::string_view>& values, const std::string& file_name,
              std::uint64_t line) {
    if (data_.test_fraction == 0 && data_.validation_fraction == 0) return DataPart::kTrain;
    fields_.clear();
    for (const std::size_t slot : slots_) fields_.push_back(values[slot]);
    const std::string number = std::to_string(line);
    if (slots_.empty()) fields_ = {file_name, number};
    if (SplitPoint(data_.split_seed, fields_) < data_.test_fraction) return DataPart::kTest;
    // Independent of the first draw: the same fields and one more.
    fields_.push_back("validation");
    return SplitPoint(data_.split_seed, fields_) < data_.validation_fraction ? DataPart::kValidation
                                                                             : DataPart::kTrain;
  }

  // The values that decide: those of data.split_by.
  const std::vector<std::size_t>& slots() const { return slots_; }

 private:
  DataConfig data_;
  std::vector<std::size_t> slots_;
  std::vector<std::string_view> fields_;
};

}  // namespace fathom
