#include "worker/feature/numeric_columns.h"

#include <algorithm>

#include "common/vector_clones.h"
#include "worker/text/number.h"
#include "worker/transform/signed_log.h"

namespace fathom {

void NumericColumns::Add(const NumericColumn& column) {
  const std::size_t lane = columns_.size() % kLanes;
  if (lane == 0) groups_.emplace_back();
  Group& group = groups_.back();
  group.log[lane] = column.log ? 1 : 0;
  group.zero_if_missing[lane] = column.zero_if_missing ? 1 : 0;
  group.mean[lane] = column.mean;
  group.stddev[lane] = column.stddev;
  columns_.push_back(column);
}

// Step by step over all groups, not group by group: a vector that is loaded right after its parts
// were stored waits for them to reach the cache.
FATHOM_VECTOR_CLONES
bool NumericColumns::Read(const std::vector<std::string_view>& values) {
  const NumericColumn* column = columns_.data();
  std::size_t left = columns_.size();
  for (Group& group : groups_) {
    const std::size_t lanes = std::min(left, kLanes);
    for (std::size_t i = 0; i < lanes; ++i) {
      const std::string_view text = values[(column++)->slot];
      group.digits[i] = ShortDigits(text);
      group.size[i] = text.size();
    }
    left -= lanes;
  }
  bool plain = true;
  for (Group& group : groups_) plain &= ReadCounts(&group);
  const double* logs = LogsOfCounts();
  for (Group& group : groups_) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      const double log = logs[group.count[i]];
      group.number[i] = group.log[i] != 0 ? log : static_cast<double>(group.count[i]);
    }
  }
  return plain;
}

inline bool NumericColumns::ReadCounts(Group* group) {
  std::uint64_t any_odd = 0;
  for (std::size_t i = 0; i < kLanes; ++i) {
    const std::uint64_t count = CountOfDigits(group->digits[i]);
    const std::uint64_t odd = (AreDigits(group->digits[i]) ? 0 : 1) |
                              (group->size[i] > kShortDigits ? 1 : 0) |
                              (count >= kLogsOfCounts ? 1 : 0);
    group->count[i] = odd != 0 ? 0 : static_cast<std::uint32_t>(count);
    group->odd[i] = odd;
    group->present[i] = (group->size[i] != 0 ? 1 : 0) | group->zero_if_missing[i];
    any_odd |= odd;
  }
  return any_odd == 0;
}

FATHOM_VECTOR_CLONES
void NumericColumns::Write(float* numbers) const {
  std::size_t left = columns_.size();
  for (const Group& group : groups_) {
    float last[kLanes];
    float* written = left >= kLanes ? numbers : last;
    for (std::size_t i = 0; i < kLanes; ++i) {
      const auto number = static_cast<float>((group.number[i] - group.mean[i]) / group.stddev[i]);
      written[i] = group.present[i] != 0 ? number : 0.0F;
    }
    if (left < kLanes) {
      for (std::size_t i = 0; i < left; ++i) numbers[i] = last[i];
      return;
    }
    numbers += kLanes;
    left -= kLanes;
  }
}

FATHOM_VECTOR_CLONES
void NumericColumns::Observe() {
  for (Group& group : groups_) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      const bool taken = (group.present[i] & (group.odd[i] ^ 1)) != 0;
      const double seen = group.seen[i] + 1;
      const double delta = group.number[i] - group.seen_mean[i];
      const double mean = group.seen_mean[i] + delta / seen;
      const double squares = group.seen_squares[i] + delta * (group.number[i] - mean);
      group.seen[i] = taken ? seen : group.seen[i];
      group.seen_mean[i] = taken ? mean : group.seen_mean[i];
      group.seen_squares[i] = taken ? squares : group.seen_squares[i];
    }
  }
}

Moments NumericColumns::moments(std::size_t i) const {
  const Group& group = groups_[i / kLanes];
  const std::size_t lane = i % kLanes;
  return {.numbers = static_cast<std::uint64_t>(group.seen[lane]),
          .mean = group.seen_mean[lane],
          .squares = group.seen_squares[lane]};
}

void NumericColumns::ForgetMoments() {
  for (Group& group : groups_) {
    for (std::size_t i = 0; i < kLanes; ++i)
      group.seen[i] = group.seen_mean[i] = group.seen_squares[i] = 0;
  }
}

}  // namespace fathom
