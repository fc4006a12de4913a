// Decimal text to a number, whole or not at all.
#pragma once

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace fathom {

// The text's bytes as a little-endian number; `text` has one to eight of them.
inline std::uint64_t ShortText(std::string_view text) {
  const char* at = text.data();
  const std::size_t size = text.size();
  // Loads that overlap agree where they do, and none reaches beyond the text.
  if (size >= 4) {
    std::uint32_t low = 0, high = 0;
    std::memcpy(&low, at, sizeof(low));
    std::memcpy(&high, at + size - sizeof(high), sizeof(high));
    return low | std::uint64_t{high} << (8 * (size - sizeof(high)));
  }
  const auto byte = [at](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(at[i])} << (8 * i);
  };
  return byte(0) | byte(size / 2) | byte(size - 1);
}

// The number that `text` writes with one to eight digits and nothing else; nothing where it has
// any other form.
inline std::optional<std::uint32_t> ParseShortInteger(std::string_view text) {
  if (text.empty() || text.size() > 8 || std::endian::native != std::endian::little)
    return std::nullopt;
  // A digit a byte, zeros in front to make eight.
  std::uint64_t digits = (ShortText(text) ^ 0x3030303030303030) << (64 - 8 * text.size());
  const std::uint64_t above_nine = (digits | (digits + 0x7676767676767676)) & 0x8080808080808080;
  if (above_nine != 0) return std::nullopt;
  // Neighbours are joined in pairs, then the four pairs at once (Lemire 2018).
  digits = digits * 10 + (digits >> 8);
  return static_cast<std::uint32_t>(((digits & 0x000000FF000000FF) * 0x000F424000000064 +
                                     ((digits >> 16) & 0x000000FF000000FF) * 0x0000271000000001) >>
                                    32);
}

// A leading + is allowed; nan, inf and anything behind the number are not.
inline std::optional<double> ParseNumber(std::string_view text) {
  if (const auto integer = ParseShortInteger(text)) return *integer;
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

}  // namespace fathom
