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

// The number that up to eight digits write, 0 for no text. False where the text is anything else.
// No branch depends on the text but for that on four digits: fields of changing lengths would be
// mispredicted.
inline bool ParseShortCount(std::string_view text, std::uint32_t* count) {
  if constexpr (std::endian::native != std::endian::little) return false;
  const char* at = text.empty() ? "0" : text.data();
  const std::size_t size = std::clamp<std::size_t>(text.size(), 1, 8);
  // A digit a byte, zeros in front to make eight.
  std::uint64_t digits = (ShortText(at, size) ^ 0x3030303030303030) << (64 - 8 * size);
  const std::uint64_t above_nine = (digits | (digits + 0x7676767676767676)) & 0x8080808080808080;
  // Neighbours are joined in pairs, then the four pairs at once (Lemire 2018).
  digits = digits * 10 + (digits >> 8);
  *count =
      static_cast<std::uint32_t>(((digits & 0x000000FF000000FF) * 0x000F424000000064 +
                                  ((digits >> 16) & 0x000000FF000000FF) * 0x0000271000000001) >>
                                 32);
  return (above_nine == 0) & (text.size() <= 8);
}

// A leading + is allowed; nan, inf and anything behind the number are not.
inline std::optional<double> ParseNumber(std::string_view text) {
  std::uint32_t count = 0;
  if (!text.empty() && ParseShortCount(text, &count)) return count;
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

}  // namespace fathom
