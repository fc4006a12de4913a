// Finds the row of a key in one partition of one table: open addressing with linear probing over
// 4-byte entries, each a row number and, in the bits that this leaves, a tag: the last bits of the
// key's hash (RowStore::Hash). Entries that do not fit the tag are passed over without a look at
// their rows. The keys themselves stand in the rows, so a row costs the index 5 to 6.25 bytes.
//
// It grows by a quarter when 0.8 full, each partition by itself, and keeps the pages that it has:
// the entries are made anew from the rows, so growing needs no second copy of index or rows.
#pragma once

#include <cstdint>

#include "common/key.h"
#include "server/table/mapped_memory.h"
#include "server/table/row_store.h"

namespace fathom {

class RowIndex {
 public:
  explicit RowIndex(Pages pages = Pages::kHuge) : pages_(pages) {}

  // Then a row number takes 25 bits, and 7 are left for the tag: of the entries of other keys that
  // are probed, one in 128 costs a look at its row.
  static constexpr std::uint32_t kMaxRows = (1u << 25) - 2;

  // The capacity, in entries, that has room for so many rows after growing from `capacity`.
  static constexpr std::uint64_t CapacityFor(std::uint64_t rows, std::uint64_t capacity = 0) {
    constexpr std::uint64_t kPageEntries = MappedMemory::kPageBytes / sizeof(std::uint32_t);
    while (rows * 5 > capacity * 4)
      capacity = (capacity + capacity / 4 + kPageEntries) / kPageEntries * kPageEntries;
    return capacity;
  }

  void Prefetch(std::uint32_t hash) const {
    if (capacity_ > 0) __builtin_prefetch(entries() + Place(hash));
  }

  // The first row whose tag fits, and whose hash where the store keeps hashes, or null: its key is
  // still to be compared. Touches no row.
  float* Candidate(std::uint32_t hash, const RowStore& rows) const {
    if (capacity_ == 0) return nullptr;
    for (std::uint64_t at = Place(hash);; at = Next(at)) {
      const std::uint32_t entry = entries()[at];
      if (entry == kEmpty) return nullptr;
      if (Fits(entry, hash, rows)) return rows.state(Row(entry));
    }
  }

  // The row of the key, or null.
  float* Find(Key key, const RowStore& rows) const;

  // Adds the last row of the store, whose key is not in the index yet.
  void AddLast(const RowStore& rows);

  // Makes the entries anew from all rows of the store, after rows have moved or gone or the index
  // has grown. Takes no memory.
  void Rebuild(const RowStore& rows);

  std::uint64_t capacity() const { return capacity_; }
  std::size_t allocated_bytes() const { return memory_.size(); }

 private:
  static constexpr std::uint32_t kEmpty = 0;

  // An entry: row + 1 | tag.
  std::uint32_t Tag(std::uint32_t hash) const { return hash & ((1u << tag_bits_) - 1); }
  std::uint32_t Row(std::uint32_t entry) const { return (entry >> tag_bits_) - 1; }
  bool Fits(std::uint32_t entry, std::uint32_t hash, const RowStore& rows) const {
    return Tag(entry) == Tag(hash) && (!rows.keeps_hashes() || rows.HashOf(Row(entry)) == hash);
  }

  std::uint32_t* entries() const { return reinterpret_cast<std::uint32_t*>(memory_.data()); }
  // Maps the hash to [0, capacity) for any capacity, by its top bits (Lemire 2019).
  std::uint64_t Place(std::uint64_t hash) const { return hash * capacity_ >> 32; }
  std::uint64_t Next(std::uint64_t at) const { return at + 1 == capacity_ ? 0 : at + 1; }
  void Put(std::uint32_t hash, std::uint32_t row);

  Pages pages_;
  MappedMemory memory_;
  std::uint64_t capacity_ = 0;
  int tag_bits_ = 0;  // what the row numbers leave that come before the next growth
};

}  // namespace fathom
