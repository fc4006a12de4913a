#include "server/table/row_index.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "common/check.h"

namespace fathom {

float* RowIndex::Find(Key key, const RowStore& rows) const {
  if (capacity_ == 0) return nullptr;
  const std::uint32_t hash = RowStore::Hash(key);
  for (std::uint64_t at = Place(hash);; at = Next(at)) {
    const std::uint32_t entry = entries()[at];
    if (entry == kEmpty) return nullptr;
    if (!Fits(entry, hash, rows)) continue;
    float* const row = rows.state(Row(entry));
    if (RowStore::KeyOf(row) == key) return row;
  }
}

void RowIndex::AddLast(const RowStore& rows) {
  FATHOM_CHECK(rows.size() > 0 && rows.size() <= kMaxRows);
  const std::uint32_t row = rows.size() - 1;
  const std::uint64_t capacity = CapacityFor(rows.size(), capacity_);
  if (capacity == capacity_) return Put(rows.HashOf(row), row);
  memory_.GrowAndForget(capacity * sizeof(std::uint32_t), pages_);
  memory_.Populate();
  capacity_ = capacity;
  tag_bits_ = 32 - std::bit_width(std::min<std::uint64_t>(capacity * 4 / 5, kMaxRows));
  Rebuild(rows);
}

// Rows are read one after another; their places are anywhere, so many are fetched at once.
void RowIndex::Rebuild(const RowStore& rows) {
  std::fill_n(entries(), capacity_, kEmpty);
  constexpr std::uint32_t kBlockRows = 64;
  std::uint32_t hashes[kBlockRows];
  for (std::uint32_t begin = 0; begin < rows.size(); begin += kBlockRows) {
    const std::uint32_t block = std::min(kBlockRows, rows.size() - begin);
    for (std::uint32_t i = 0; i < block; ++i) {
      hashes[i] = rows.HashOf(begin + i);
      Prefetch(hashes[i]);
    }
    for (std::uint32_t i = 0; i < block; ++i) Put(hashes[i], begin + i);
  }
}

void RowIndex::Put(std::uint32_t hash, std::uint32_t row) {
  std::uint64_t at = Place(hash);
  while (entries()[at] != kEmpty) at = Next(at);
  entries()[at] = (row + 1) << tag_bits_ | Tag(hash);
}

}  // namespace fathom
