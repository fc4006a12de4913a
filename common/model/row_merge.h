// The rows of one table that several files hold, as the files of a checkpoint build upon each
// other.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "common/key.h"

namespace fathom {

// Calls use(key, row) for each key that any of `files` has, in ascending order: the row, the key at
// its begin, of the last file that has it. A file: rows of row_bytes each, in ascending order of
// key.
template <typename Use>
void MergeRows(const std::vector<std::span<const std::byte>>& files, std::size_t row_bytes,
               const Use& use) {
  std::vector<std::size_t> at(files.size());  // bytes
  const auto key_at = [&](std::size_t f) {
    Key key;
    std::memcpy(&key, files[f].data() + at[f], sizeof(key));
    return key;
  };
  for (;;) {
    const std::byte* row = nullptr;
    Key key = 0;
    for (std::size_t f = 0; f < files.size(); ++f) {
      if (at[f] == files[f].size()) continue;
      const Key found = key_at(f);
      if (row != nullptr && found > key) continue;
      key = found;
      row = files[f].data() + at[f];
    }
    if (row == nullptr) return;
    for (std::size_t f = 0; f < files.size(); ++f) {
      if (at[f] < files[f].size() && key_at(f) == key) at[f] += row_bytes;
    }
    use(key, row);
  }
}

}  // namespace fathom
