#include "common/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace fathom {

bool IsUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<std::uint8_t>(text[at++]);
    if (first < 0x80) continue;
    const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC2 || first > 0xF4) return false;
    std::uint32_t code = first & (0x3FU >> more);
    for (int i = 0; i < more; ++i) {
      const std::uint8_t next = at < text.size() ? static_cast<std::uint8_t>(text[at++]) : 0;
      if ((next & 0xC0) != 0x80) return false;
      code = code << 6 | (next & 0x3FU);
    }
    constexpr std::uint32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};
    if (code < kSmallest[more] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
      return false;
  }
  return true;
}

namespace {

bool StartsCharacter(char byte) { return (static_cast<std::uint8_t>(byte) & 0xC0) != 0x80; }

}  // namespace

std::size_t CharactersOf(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), StartsCharacter));
}

std::string_view WholeCharacters(std::string_view text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  while (most_bytes > 0 && !StartsCharacter(text[most_bytes])) --most_bytes;
  return text.substr(0, most_bytes);
}

std::string TableCell(std::string_view text, std::size_t most) {
  std::string cell;
  std::size_t characters = 0;
  for (const char byte : text) {
    if (StartsCharacter(byte) && ++characters > most) return cell + "…";
    cell += byte == '\n' || byte == '\r' || byte == '\t' ? ' ' : byte;
  }
  return cell;
}

std::string Printable(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x20 || byte == 0x7F) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += c;
    }
  }
  return shown;
}

}  // namespace fathom
