// The rows of one partition of one table, numbered in order of creation, in slabs: growth
// moves and copies nothing.
//
// A row: key u64 | state f32 x TableSpec::state_floats(). Rows are named by a pointer to their
// state; the key stands in the eight bytes before it (at a multiple of 4, not of 8).
//
// Where rows may lie on disk, the hashes of all keys are kept in memory, 4 B a row. With them the
// index can grow, and can tell that a key has no row, without a read from disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "common/key.h"
#include "common/random.h"
#include "server/table/slab_arena.h"

namespace fathom {

class RowStore {
 public:
  static constexpr int kSlabBits = 8;
  static constexpr std::uint32_t kSlabRows = 1u << kSlabBits;

  RowStore(std::size_t row_bytes, SlabArena* arena) : row_bytes_(row_bytes), arena_(arena) {}

  static std::uint32_t Hash(Key key) { return static_cast<std::uint32_t>(Mix64(key) >> 32); }

  std::uint32_t size() const { return size_; }

  bool keeps_hashes() const { return arena_->cold() != nullptr; }

  // Of the row's key.
  std::uint32_t HashOf(std::uint32_t row) const {
    if (keeps_hashes()) return hashes_[row >> kSlabBits][row & (kSlabRows - 1)];
    return Hash(KeyOf(state(row)));
  }

  float* state(std::uint32_t row) const {
    return reinterpret_cast<float*>(Place(row) + sizeof(Key));
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

  // Tells the cold tier, if there is one, that all rows are about to be read once, in order.
  void Visit() const;

  std::size_t allocated_bytes() const {
    return slabs_.size() * kSlabRows * row_bytes_ + index_bytes();
  }

  // Of what is not rows.
  std::size_t index_bytes() const {
    return slabs_.capacity() * sizeof(slabs_[0]) + hashes_.capacity() * sizeof(hashes_[0]) +
           hashes_.size() * kSlabRows * sizeof(std::uint32_t);
  }

 private:
  std::byte* Place(std::uint32_t row) const {
    return slabs_[row >> kSlabBits] + (row & (kSlabRows - 1)) * row_bytes_;
  }
  void SetHash(std::uint32_t row, std::uint32_t hash) {
    hashes_[row >> kSlabBits][row & (kSlabRows - 1)] = hash;
  }

  std::size_t row_bytes_;
  SlabArena* arena_;
  std::vector<std::byte*> slabs_;
  // By slab: the hashes of its rows' keys. Empty where rows stay in memory.
  std::vector<std::unique_ptr<std::uint32_t[]>> hashes_;
  std::uint32_t size_ = 0;
};

}  // namespace fathom
