// A short text in one register.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace fathom {

static_assert(std::endian::native == std::endian::little, "as all of Fathom's formats are");

inline constexpr std::size_t kShortTextBytes = 8;

// The first `size` <= 8 bytes at `at`, as a little-endian number, zeros above. It reads these
// alone.
inline std::uint64_t ShortTextByParts(const char* at, std::size_t size) {
  // Loads that overlap agree where they do.
  if (size >= 4) {
    std::uint32_t low = 0, high = 0;
    std::memcpy(&low, at, sizeof(low));
    std::memcpy(&high, at + size - sizeof(high), sizeof(high));
    return low | std::uint64_t{high} << (8 * (size - sizeof(high)));
  }
  if (size == 0) return 0;
  const auto byte = [at](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(at[i])} << (8 * i);
  };
  return byte(0) | byte(size / 2) | byte(size - 1);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(__clang__)
inline std::uint64_t ShortText(std::string_view text) {
  return ShortTextByParts(text.data(), std::min(text.size(), kShortTextBytes));
}
#else
// The first eight bytes of the text, as a little-endian number, zeros above. It does not branch on
// the length: where fields differ in length, the processor predicts such branches wrongly. So it
// loads eight bytes and drops those behind the text, except where they could lie on another page,
// which need not be there; of an empty text not even its first byte's page. The sanitizers cannot
// allow that load.
inline std::uint64_t ShortText(std::string_view text) {
  constexpr std::uintptr_t kSmallestPage = 4096;
  const std::size_t size = std::min(text.size(), kShortTextBytes);
  static constexpr char kNothing[kShortTextBytes] = {};
  const char* at = size == 0 ? kNothing : text.data();
  if (reinterpret_cast<std::uintptr_t>(at) % kSmallestPage > kSmallestPage - kShortTextBytes)
    return ShortTextByParts(at, size);
  asm("" : "+r"(at));  // the compiler knows no object here whose end it could look at
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof(bytes));
  const std::size_t half = kShortTextBytes / 2 * size;  // in bits; a shift by 64 is undefined
  return bytes & ~(~std::uint64_t{0} << half << half);
}
#endif

}  // namespace fathom
