// Whether numbers are finite, or small enough to go on with, many at once.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

namespace fathom {

// A float without its sign as an integer: in the same order, with infinity and all NaNs the
// largest.
inline std::uint32_t Magnitude(float value) {
  return std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFU;
}

inline std::uint32_t LargestMagnitude(std::span<const float> values) {
  std::uint32_t largest = 0;
  for (const float value : values) largest = std::max(largest, Magnitude(value));
  return largest;
}

// Whether no value is infinite or not a number.
inline bool AllFinite(std::span<const float> values) {
  return LargestMagnitude(values) < 0x7F800000U;
}

// Update rules add up the squares of gradients: beyond this one, which no training that works comes
// near, the sum is soon infinite, and the weight with it no number.
inline constexpr float kMaxGradient = 1e15F;

// Whether update rules can take these gradients: none is beyond kMaxGradient or not a number.
inline bool MayUpdate(std::span<const float> gradients) {
  return LargestMagnitude(gradients) <= Magnitude(kMaxGradient);
}

// What the data may say as a number or as the weight of a list's value: with more, a gradient is
// soon beyond kMaxGradient.
inline constexpr float kMaxNumber = kMaxGradient;

inline bool MayBeNumbers(std::span<const float> values) {
  return LargestMagnitude(values) <= Magnitude(kMaxNumber);
}

}  // namespace fathom
