// Decimal text to a number, whole or not at all.
#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace fathom {

// A leading + is allowed; nan, inf and anything behind the number are not.
inline std::optional<double> ParseNumber(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

}  // namespace fathom
