// A matrix the other way round.
#pragma once

#include <algorithm>
#include <cstddef>

namespace fathom {

// from: row-major [rows x columns]; into: [columns x rows]. In blocks, so that the cache lines of
// both are used whole.
inline void Transpose(const float* __restrict from, std::size_t rows, std::size_t columns,
                      float* __restrict into) {
  constexpr std::size_t kBlock = 16;
  for (std::size_t r = 0; r < rows; r += kBlock) {
    const std::size_t row_end = std::min(r + kBlock, rows);
    for (std::size_t c = 0; c < columns; c += kBlock) {
      const std::size_t column_end = std::min(c + kBlock, columns);
      for (std::size_t i = c; i < column_end; ++i) {
        for (std::size_t j = r; j < row_end; ++j) into[i * rows + j] = from[j * columns + i];
      }
    }
  }
}

}  // namespace fathom
