// bfloat16: the upper half of a float32, rounded to nearest, ties to even. Eight bits of
// precision, the range of float32. Not a number stays so, infinity too.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fathom {

inline std::uint16_t ToBfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = bits + 0x7FFFU + ((bits >> 16) & 1U);
  const bool nan = (bits & 0x7FFFFFFFU) > 0x7F800000U;
  return static_cast<std::uint16_t>((nan ? bits | 0x00400000U : rounded) >> 16);
}

inline float FromBfloat16(std::uint16_t value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}

// Up with the probability that is the value's distance from the bfloat16 below it, where `random`
// is uniform; so on average nothing is lost.
inline std::uint16_t RandomlyToBfloat16(float value, std::uint16_t random) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const bool finite = (bits & 0x7F800000U) != 0x7F800000U;
  return finite ? static_cast<std::uint16_t>((bits + random) >> 16) : ToBfloat16(value);
}

// The nearest float32 that a bfloat16 can hold.
inline float RoundedToBfloat16(float value) { return FromBfloat16(ToBfloat16(value)); }

inline void ToBfloat16(std::span<const float> from, std::uint16_t* into) {
  for (std::size_t i = 0; i < from.size(); ++i) into[i] = ToBfloat16(from[i]);
}
inline void FromBfloat16(std::span<const std::uint16_t> from, float* into) {
  for (std::size_t i = 0; i < from.size(); ++i) into[i] = FromBfloat16(from[i]);
}

}  // namespace fathom
