#include "worker/feature/data_part.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "common/schedule/split.h"
#include "worker/transform/time_text.h"

namespace fathom {
namespace {

bool IsSplit(const DataConfig& data) {
  return data.test_fraction > 0 || data.validation_fraction > 0;
}

// The time at which the latest `fraction` of the first `count` times begins, which are then the
// earliest ones; infinity where that is no line.
double CutOf(std::vector<double>* times, std::size_t count, double fraction) {
  const auto late = static_cast<std::size_t>(std::llround(static_cast<double>(count) * fraction));
  if (late == 0) return std::numeric_limits<double>::infinity();
  const auto place = times->begin() + static_cast<std::ptrdiff_t>(count - late);
  std::nth_element(times->begin(), place, times->begin() + static_cast<std::ptrdiff_t>(count));
  return *place;
}

}  // namespace

TimeCuts TimeCuts::Of(std::vector<double> times, double test_fraction, double validation_fraction) {
  TimeCuts cuts;
  cuts.test = CutOf(&times, times.size(), test_fraction);
  const auto later =
      std::partition(times.begin(), times.end(), [&](double time) { return time < cuts.test; });
  const auto rest = static_cast<std::size_t>(later - times.begin());
  cuts.validation = CutOf(&times, rest, validation_fraction);
  return cuts;
}

DataPartRule::DataPartRule(const InputSchema& schema)
    : data_(schema.config().data),
      by_time_(data_.split_order == SplitOrder::kTime && IsSplit(data_)) {
  for (const std::string& column : data_.split_by) slots_.push_back(schema.Slot(column));
}

std::optional<double> DataPartRule::TimeOf(const std::vector<std::string_view>& values,
                                           std::string* error) const {
  const std::string_view text = values[slots_.front()];
  const auto time = TimeOrder(text);
  if (!time) {
    *error = fmt::format(
        "column {} = \"{}\" is no time, and data.split_order = \"time\" goes by it: write a number "
        "or 2026-11-27T17:18:00Z",
        data_.split_by.front(), text);
  }
  return time;
}

std::optional<DataPart> DataPartRule::Of(const std::vector<std::string_view>& values,
                                         const std::string& file_name, std::uint64_t line,
                                         const TimeCuts& cuts, std::string* error) {
  if (!IsSplit(data_)) return DataPart::kTrain;
  if (by_time_) {
    const auto time = TimeOf(values, error);
    if (!time) return std::nullopt;
    if (*time >= cuts.test) return DataPart::kTest;
    return *time >= cuts.validation ? DataPart::kValidation : DataPart::kTrain;
  }
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

}  // namespace fathom
