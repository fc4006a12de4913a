// hour, weekday, day: the hour (0 to 23), the day of the week (0 is Monday) or the day of the month
// of a time, in UTC, as a class. A time is written
//   2026-11-27T17:18:00Z   ISO 8601; a blank may stand for the T; seconds, their fraction and the
//                          zone may be missing; +02:00 in place of Z is turned into UTC
//   2026-11-27             midnight; it has no hour
//   1795799880             seconds since 1970; a fraction is cut off
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <optional>

#include "worker/text/number.h"
#include "worker/transform/transform.h"

namespace fathom {
namespace {

using Seconds = std::chrono::sys_seconds;

struct Time {
  Seconds at;
  bool has_hour = true;
};

// Takes exactly `digits` digits off the text. Negative: they are not there.
int TakeNumber(std::string_view* text, std::size_t digits) {
  if (text->size() < digits) return -1;
  int number = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = (*text)[i];
    if (c < '0' || c > '9') return -1;
    number = 10 * number + (c - '0');
  }
  text->remove_prefix(digits);
  return number;
}

bool Take(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// The rest of a time behind its date: THH:MM[:SS[.fraction]][Z|+HH:MM|-HH:MM].
std::optional<std::chrono::seconds> ParseTimeOfDay(std::string_view text) {
  if (!Take(&text, 'T') && !Take(&text, 't') && !Take(&text, ' ')) return std::nullopt;
  const int hour = TakeNumber(&text, 2);
  if (!Take(&text, ':')) return std::nullopt;
  const int minute = TakeNumber(&text, 2);
  int second = 0;
  if (Take(&text, ':')) {
    second = TakeNumber(&text, 2);
    if (Take(&text, '.')) {
      if (TakeNumber(&text, 1) < 0) return std::nullopt;
      while (TakeNumber(&text, 1) >= 0) {
      }
    }
  }
  int offset_minutes = 0;
  if (!text.empty() && !Take(&text, 'Z') && !Take(&text, 'z')) {
    const int sign = Take(&text, '-') ? -1 : 1;
    if (sign > 0 && !Take(&text, '+')) return std::nullopt;
    const int hours = TakeNumber(&text, 2);
    Take(&text, ':');
    const int minutes = TakeNumber(&text, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
    offset_minutes = sign * (60 * hours + minutes);
  }
  // 60: a leap second.
  const bool inside = hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 &&
                      second <= 60 && text.empty();
  if (!inside) return std::nullopt;
  return std::chrono::hours(hour) + std::chrono::minutes(minute - offset_minutes) +
         std::chrono::seconds(std::min(second, 59));
}

std::optional<Time> ParseIso8601(std::string_view text) {
  const int year = TakeNumber(&text, 4);
  if (year < 0 || !Take(&text, '-')) return std::nullopt;
  const int month = TakeNumber(&text, 2);
  if (month < 0 || !Take(&text, '-')) return std::nullopt;
  const int day = TakeNumber(&text, 2);
  if (day < 0) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  if (text.empty()) return Time{std::chrono::sys_days(date), false};
  const auto time_of_day = ParseTimeOfDay(text);
  if (!time_of_day) return std::nullopt;
  return Time{std::chrono::sys_days(date) + *time_of_day};
}

std::optional<Time> ParseTime(std::string_view text) {
  // Up to the year 9999: what is larger counts milliseconds.
  constexpr double kEarliest = -62135596800.0, kLatest = 253402300800.0;
  if (const auto number = ParseNumber(text)) {
    if (*number < kEarliest || *number >= kLatest) return std::nullopt;
    return Time{Seconds(std::chrono::seconds(static_cast<std::int64_t>(std::floor(*number))))};
  }
  return ParseIso8601(text);
}

class TimeTransform : public Transform {
 public:
  explicit TimeTransform(const ColumnConfig& column)
      : column_(column.name), kind_(column.transform), seed_(ColumnSeed(column.name)) {}

  bool KeyOf(std::string_view value, Key* key, std::string* error) const override {
    const auto time = ParseTime(value);
    if (!time) {
      *error = fmt::format(
          "column {} = \"{}\" is no time: write 2026-11-27T17:18:00Z, or seconds since 1970",
          column_, value);
      return false;
    }
    if (kind_ == TransformKind::kHour && !time->has_hour) {
      *error = fmt::format("column {} = \"{}\" is a date without an hour", column_, value);
      return false;
    }
    *key = BucketKey(seed_, ClassOf(time->at));
    return true;
  }

 private:
  std::uint64_t ClassOf(Seconds at) const {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    if (kind_ == TransformKind::kHour)
      return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::hours>(at - day).count());
    if (kind_ == TransformKind::kWeekday) return std::chrono::weekday(day).iso_encoding() - 1;
    return static_cast<unsigned>(std::chrono::year_month_day(day).day());
  }

  std::string column_;
  TransformKind kind_;
  std::uint64_t seed_;
};

}  // namespace

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kHour>(
    const ColumnConfig& column, const LearntTransform* /*learnt*/) {
  return std::make_unique<TimeTransform>(column);
}

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kWeekday>(
    const ColumnConfig& column, const LearntTransform* /*learnt*/) {
  return std::make_unique<TimeTransform>(column);
}

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kDay>(
    const ColumnConfig& column, const LearntTransform* /*learnt*/) {
  return std::make_unique<TimeTransform>(column);
}

}  // namespace fathom
