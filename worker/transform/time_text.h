// Times as text, in UTC:
//   2026-11-27T17:18:00Z   ISO 8601; a blank may stand for the T; seconds, their fraction and the
//                          zone may be missing; +02:00 in place of Z is turned into UTC
//   2026-11-27             midnight; it has no hour
//   1795799880             seconds since 1970; a fraction is cut off
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace fathom {

struct Time {
  std::chrono::sys_seconds at;
  bool has_hour = true;
};

// The first two forms.
std::optional<Time> ParseIso8601(std::string_view text);

// All three. A number beyond the year 9999 is none: it counts milliseconds.
std::optional<Time> ParseTime(std::string_view text);

// Where a text stands in time, in seconds; of numbers any, also such that count from elsewhere or
// in another unit. Nothing: it is no time.
std::optional<double> TimeOrder(std::string_view text);

}  // namespace fathom
