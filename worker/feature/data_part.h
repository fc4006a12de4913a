// Which part of the data a training line belongs to.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worker/data/packed_format.h"
#include "worker/feature/input_schema.h"

namespace fathom {

// Where data.split_order = "time" cuts: the times from which on a line is of the validation or test
// part. Lines of equal times are in one part.
struct TimeCuts {
  double validation = std::numeric_limits<double>::infinity();
  double test = std::numeric_limits<double>::infinity();

  // Of the times of all lines, in any order. The test part is the latest `test_fraction` of the
  // lines, by exact rank, and all lines whose time equals the earliest of them; the validation part
  // the latest `validation_fraction` of the rest.
  static TimeCuts Of(std::vector<double> times, double test_fraction, double validation_fraction);
};

// Thread rule: one thread's own, as it keeps scratch.
class DataPartRule {
 public:
  explicit DataPartRule(const InputSchema& schema);

  // By data.split_by, or by the file's name and the line's number; with a time order by `cuts`.
  // Nothing where the line has no time; *error then says so.
  std::optional<DataPart> Of(const std::vector<std::string_view>& values,
                             const std::string& file_name, std::uint64_t line, const TimeCuts& cuts,
                             std::string* error);

  // The line's time, of a time order.
  std::optional<double> TimeOf(const std::vector<std::string_view>& values,
                               std::string* error) const;

  // Whether lines are split by time at all.
  bool by_time() const { return by_time_; }

  // The values that decide: those of data.split_by.
  const std::vector<std::size_t>& slots() const { return slots_; }

 private:
  DataConfig data_;
  bool by_time_;
  std::vector<std::size_t> slots_;
  std::vector<std::string_view> fields_;
};

}  // namespace fathom
