// Finds a key among rows that ascend by key, where keys are evenly spread hashes.
#pragma once

#include <cstddef>
#include <cstring>

#include "common/key.h"

namespace fathom {

// So many rows of row_bytes each, the key first. All keys are in [low, low + 2^width_bits).
struct SortedKeys {
  const std::byte* rows = nullptr;
  std::size_t count = 0;
  std::size_t row_bytes = 0;
  Key low = 0;
  int width_bits = 64;

  const std::byte* At(std::size_t i) const { return rows + i * row_bytes; }
  Key KeyAt(std::size_t i) const {
    Key key;
    std::memcpy(&key, At(i), sizeof(key));
    return key;
  }

  // Where a row of this key would stand if keys were spread as evenly as can be: below count, which
  // must not be 0.
  std::size_t Guess(Key key) const {
    const Key offset = (key - low) << (64 - width_bits);
    return static_cast<std::size_t>((static_cast<unsigned __int128>(offset) * count) >> 64);
  }
};

// The key's row; null: there is none. Rows that are out of order are missed, and nothing outside
// the rows is read.
//
// Interpolation search (Peterson 1957): from the guess the search goes on by as many rows as the
// key is away, in log log n steps on average; after kGuesses it halves what is left.
inline const std::byte* FindRow(const SortedKeys& rows, Key key) {
  constexpr int kGuesses = 8;
  std::size_t begin = 0, end = rows.count;
  if (begin == end) return nullptr;
  std::size_t at = rows.Guess(key);
  // Rows a key step, as rows.count / 2^width_bits: how far a distance between keys reaches.
  for (int guess = 0; begin < end; ++guess) {
    const Key found = rows.KeyAt(at);
    if (found == key) return rows.At(at);
    const bool below = found < key;
    (below ? begin : end) = below ? at + 1 : at;
    if (begin >= end) return nullptr;
    const Key distance = (below ? key - found : found - key) << (64 - rows.width_bits);
    const auto step =
        static_cast<std::size_t>((static_cast<unsigned __int128>(distance) * rows.count) >> 64);
    if (guess >= kGuesses) {
      at = begin + (end - begin) / 2;
    } else if (below) {
      at = step < end - begin ? begin + step : end - 1;
    } else {
      at = step < end - begin ? end - 1 - step : begin;
    }
  }
  return nullptr;
}

}  // namespace fathom
