// A short text in one register.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__BMI2__)
#include <immintrin.h>
#endif

namespace fathom {

static_assert(std::endian::native == std::endian::little, "as all of Fathom's formats are");

inline constexpr std::size_t kShortTextBytes = 8;

// The first eight bytes of the text, as a little-endian number, zeros above. It reads no byte
// beyond the text, and branches as little as it can on the length: where fields differ in length,
// the processor predicts such branches wrongly.
#if defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__BMI2__)
inline std::uint64_t ShortText(std::string_view text) {
  const auto size = static_cast<unsigned>(std::min(text.size(), kShortTextBytes));
  const auto wanted = static_cast<__mmask16>(_bzhi_u32(0xFF, size));
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_maskz_loadu_epi8(wanted, text.data())));
}
#else
inline std::uint64_t ShortText(std::string_view text) {
  const char* at = text.data();
  const std::size_t size = std::min(text.size(), kShortTextBytes);
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
#endif

}  // namespace fathom
