// Random numbers as pure functions: the same (seed, counter) gives the same number on every
// host, in any order and on any thread. Nothing here keeps state.
#pragma once

#include <cstdint>

namespace fathom {

// SplitMix64's finalizer (Steele, Lea and Flood 2014): a bijection of 64-bit numbers that mixes
// well.
constexpr std::uint64_t Mix64(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

constexpr std::uint64_t Mix64(std::uint64_t a, std::uint64_t b) { return Mix64(Mix64(a) ^ b); }

// Uniform in [0, 1), from the top 53 bits.
constexpr double UnitDouble(std::uint64_t bits) {
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

}  // namespace fathom
