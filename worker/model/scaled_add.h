// y += scale * x and y = scale * x on short arrays: an embedding or its gradient. Blocks of a fixed
// size, so that the compiler makes whole vectors of them; each element for itself, so the result
// does not depend on the vectors' width.
#pragma once

#include <cstddef>

namespace fathom {

inline constexpr std::size_t kVectorBlock = 16;

inline void AddScaled(float scale, const float* __restrict x, std::size_t n, float* __restrict y) {
  std::size_t i = 0;
  for (; i + kVectorBlock <= n; i += kVectorBlock) {
    for (std::size_t j = 0; j < kVectorBlock; ++j) y[i + j] += scale * x[i + j];
  }
  for (; i < n; ++i) y[i] += scale * x[i];
}

inline void Copy(const float* __restrict x, std::size_t n, float* __restrict y) {
  std::size_t i = 0;
  for (; i + kVectorBlock <= n; i += kVectorBlock) {
    for (std::size_t j = 0; j < kVectorBlock; ++j) y[i + j] = x[i + j];
  }
  for (; i < n; ++i) y[i] = x[i];
}

inline void SetScaled(float scale, const float* __restrict x, std::size_t n, float* __restrict y) {
  std::size_t i = 0;
  for (; i + kVectorBlock <= n; i += kVectorBlock) {
    for (std::size_t j = 0; j < kVectorBlock; ++j) y[i + j] = scale * x[i + j];
  }
  for (; i < n; ++i) y[i] = scale * x[i];
}

}  // namespace fathom
