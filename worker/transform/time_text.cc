#include "worker/transform/time_text.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "worker/text/number.h"

namespace fathom {
namespace {

using Seconds = std::chrono::sys_seconds;

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

}  // namespace

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

std::optional<double> TimeOrder(std::string_view text) {
  if (const auto number = ParseNumber(text)) return number;
  const auto time = ParseIso8601(text);
  if (!time) return std::nullopt;
  return static_cast<double>(time->at.time_since_epoch().count());
}

}  // namespace fathom
