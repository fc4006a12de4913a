// The rows of one partition of one table, numbered in order of creation, in slabs: growth
// moves and copies nothing.
//
// A row: key u64 | state f32 x TableSpec::state_floats(). Rows are named by a pointer to their
// state; the key stands in the eight bytes before it (at a multiple of 4, not of 8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "common/key.h"
#include "server/slab_arena.h"

namespace fathom {

class RowStore {
 public:
  static constexpr int kSlabBits = 8;
  static constexpr std::uint32_t kSlabRows = 1u << kSlabBits;

  RowStore(std::size_t row_bytes, SlabArena* arena) : row_bytes_(row_bytes), arena_(arena) {}

  std::uint32_t size() const { return size_; }

  float* state(std::uint32_t row) const {
    std::byte* const slab = slabs_[row >> kSlabBits];
    return reinterpret_cast<float*>(slab + (row & (kSlabRows - 1)) * row_bytes_ + sizeof(Key));
  }

  static Key KeyOf(const float* state) {
    Key key;
    std::memcpy(&key, reinterpret_cast<const std::byte*>(state) - sizeof(Key), sizeof(Key));
    return key;
  }

  // A new row, number size(), with the key and zeros for its state.
  float* Append(Key key);

  // Row `from` takes the place of row `to`.
  void Move(std::uint32_t from, std::uint32_t to);

  // Forgets the rows from `size` on; their slabs are filled again.
  void Truncate(std::uint32_t size) { size_ = size; }

  std::size_t allocated_bytes() const {
    return slabs_.size() * kSlabRows * row_bytes_ + slabs_.capacity() * sizeof(slabs_[0]);
  }

 private:
  std::size_t row_bytes_;
  SlabArena* arena_;
  std::vector<std::byte*> slabs_;
  std::uint32_t size_ = 0;
};

}  // namespace fathom
