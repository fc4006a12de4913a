// Whether numbers are finite, many at once.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

namespace fathom {

// Whether no value is infinite or not a number.
inline bool AllFinite(std::span<const float> values) {
  // As integers without the sign, infinity and all NaNs are the largest floats.
  std::uint32_t largest = 0;
  for (const float value : values) {
    largest = std::max(largest, std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFU);
  }
  return largest < 0x7F800000U;
}

}  // namespace fathom
