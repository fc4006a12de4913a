#include "server/table/row_store.h"

namespace fathom {

float* RowStore::Append(Key key) {
  if (size_ == slabs_.size() * kSlabRows) {
    slabs_.push_back(arena_->Allocate(kSlabRows * row_bytes_));
    if (keeps_hashes()) hashes_.push_back(std::make_unique<std::uint32_t[]>(kSlabRows));
  }
  std::byte* const place = Place(size_);
  if (keeps_hashes()) {
    SetHash(size_, Hash(key));
    if (arena_->cold()->Holds(place)) arena_->cold()->Use(place, row_bytes_);
  }
  std::memset(place + sizeof(Key), 0, row_bytes_ - sizeof(Key));  // of a row that was here before
  std::memcpy(place, &key, sizeof(Key));
  return state(size_++);
}

void RowStore::Move(std::uint32_t from, std::uint32_t to) {
  std::memcpy(Place(to), Place(from), row_bytes_);
  if (keeps_hashes()) SetHash(to, HashOf(from));
}

void RowStore::Visit() const {
  if (!keeps_hashes()) return;
  for (const std::byte* slab : slabs_) {
    if (arena_->cold()->Holds(slab)) arena_->cold()->Visit(slab, kSlabRows * row_bytes_);
  }
}

}  // namespace fathom
