// Decimal text to a number, whole or not at all.
#pragma once

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace fathom {

static_assert(std::endian::native == std::endian::little, "as all of Fathom's formats");

// The text's bytes as a little-endian number. One to eight bytes.
inline std::uint64_t ShortText(const char* text, std::size_t size) {
  // Loads that overlap agree where they do, and none reaches beyond the text.
  if (size >= 4) {
    std::uint32_t low = 0, high = 0;
    std::memcpy(&low, text, sizeof(low));
    std::memcpy(&high, text + size - sizeof(high), sizeof(high));
    return low | std::uint64_t{high} << (8 * (size - sizeof(high)));
  }
  const auto byte = [text](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  };
  return byte(0) | byte(size / 2) | byte(size - 1);
}

inline constexpr std::size_t kShortDigits = 8;

// What each of up to eight bytes amounts to as a digit, the last in the top byte, zeros below the
// first; of a longer text anything. No branch depends on the text but for that on four digits:
// fields of changing lengths would be mispredicted.
inline std::uint64_t ShortDigits(std::string_view text) {
  // No text is read as "0". Written with a mask, as compilers make a branch of a choice.
  const std::uintptr_t none = text.empty() ? 1 : 0;
  const auto zero = reinterpret_cast<std::uintptr_t>("0");
  const auto* at = reinterpret_cast<const char*>(
      (reinterpret_cast<std::uintptr_t>(text.data()) & (none - 1)) | (zero & -none));
  const std::size_t size = std::min(text.size() + none, kShortDigits);
  return (ShortText(at, size) ^ 0x3030303030303030) << (64 - 8 * size);
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

// A leading + is allowed; nan, inf and anything behind the number are not.
inline std::optional<double> ParseNumber(std::string_view text) {
  if (!text.empty() && text.size() <= kShortDigits) {
    const std::uint64_t digits = ShortDigits(text);
    if (AreDigits(digits)) return static_cast<double>(CountOfDigits(digits));
  }
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

}  // namespace fathom
