#include "worker/numeric_columns.h"

#include "worker/number.h"
#include "worker/transforms.h"

namespace fathom {

void NumericColumns::Add(const NumericColumn& column) {
  columns_.push_back(column);
  mean_.push_back(column.mean);
  stddev_.push_back(column.stddev);
  for (auto* numbers : {&numbers_, &present_, &seen_, &seen_mean_, &seen_squares_})
    numbers->push_back(0);
  counts_.push_back(0);
  odd_.push_back(0);
}

bool NumericColumns::Read(const std::vector<std::string_view>& values) {
  const double* logs = LogsOfCounts();
  unsigned any_odd = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const NumericColumn& column = columns_[i];
    const std::string_view text = values[column.slot];
    std::uint32_t count = 0;
    const bool parsed = ParseShortCount(text, &count);
    const bool odd = !parsed || count >= kLogsOfCounts;
    const double log = logs[odd ? 0 : count];
    numbers_[i] = column.log ? log : static_cast<double>(count);
    present_[i] = !text.empty() || column.zero_if_missing ? 1 : 0;
    odd_[i] = odd ? 1 : 0;
    any_odd |= odd_[i];
  }
  return any_odd == 0;
}

void NumericColumns::Write(float* numbers) const {
  const std::size_t size = columns_.size();
  const double *x = numbers_.data(), *present = present_.data();
  const double *mean = mean_.data(), *stddev = stddev_.data();
  for (std::size_t i = 0; i < size; ++i) {
    const auto number = static_cast<float>((x[i] - mean[i]) / stddev[i]);
    numbers[i] = present[i] != 0 ? number : 0.0F;
  }
}

void NumericColumns::Observe() {
  const std::size_t size = columns_.size();
  const double *x = numbers_.data(), *present = present_.data();
  const std::uint8_t* odd = odd_.data();
  double *seen = seen_.data(), *mean = seen_mean_.data(), *squares = seen_squares_.data();
  for (std::size_t i = 0; i < size; ++i) {
    const bool taken = present[i] != 0 && odd[i] == 0;
    const double count = seen[i] + 1;
    const double delta = x[i] - mean[i];
    const double new_mean = mean[i] + delta / count;
    const double new_squares = squares[i] + delta * (x[i] - new_mean);
    seen[i] = taken ? count : seen[i];
    mean[i] = taken ? new_mean : mean[i];
    squares[i] = taken ? new_squares : squares[i];
  }
}

void NumericColumns::MoveTo(std::vector<ColumnStatistics>* statistics) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto seen = static_cast<std::uint64_t>(seen_[i]);
    (*statistics)[columns_[i].column].SetMoments(seen, seen_mean_[i], seen_squares_[i]);
    seen_[i] = seen_mean_[i] = seen_squares_[i] = 0;
  }
}

}  // namespace fathom
