// Decimal text to a number, whole or not at all.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include "worker/text/short_text.h"

namespace fathom {

inline constexpr std::size_t kShortDigits = kShortTextBytes;

// What each of up to eight bytes amounts to as a digit, the last in the top byte, zeros below the
// first; of a longer text anything.
inline std::uint64_t ShortDigits(std::string_view text) {
  const std::size_t unused = 8 * (kShortDigits - std::min(text.size(), kShortDigits));
  // In two steps: no text at all is shifted out by 64.
  return (ShortText(text) ^ 0x3030303030303030) << (unused / 2) << (unused / 2);
}

// Whether all bytes are 0 to 9.
inline bool AreDigits(std::uint64_t digits) {
  return ((digits | (digits + 0x7676767676767676)) & 0x8080808080808080) == 0;
}

// The number that eight digits write: neighbours are joined in pairs, then the four pairs at once
// (Lemire 2018).
inline std::uint64_t CountOfDigits(std::uint64_t digits) {
  const std::uint64_t pairs = digits * 10 + (digits >> 8);
  return ((pairs & 0x000000FF000000FF) * 0x000F424000000064 +
          ((pairs >> 16) & 0x000000FF000000FF) * 0x0000271000000001) >>
         32;
}

// Whether a number that from_chars found out of a double's range is too close to 0, not too large.
bool IsTooSmall(std::string_view number);

// A leading + is allowed; nan, inf and anything behind the number are not. What is closer to 0 than
// any double is 0.
inline std::optional<double> ParseNumber(std::string_view text) {
  if (!text.empty() && text.size() <= kShortDigits) {
    const std::uint64_t digits = ShortDigits(text);
    if (AreDigits(digits)) return static_cast<double>(CountOfDigits(digits));
  }
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = end == text.data() + text.size();
  if (error == std::errc::result_out_of_range && whole && IsTooSmall(text)) return 0.0;
  if (error != std::errc() || !whole || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace fathom
