#include "server/row_store.h"

namespace fathom {

float* RowStore::Append(Key key) {
  if (size_ == slabs_.size() * kSlabRows)
    slabs_.push_back(arena_->Allocate(kSlabRows * row_bytes_));
  float* const row = state(size_);
  std::memset(row, 0, row_bytes_ - sizeof(Key));  // of a row that was here before
  std::memcpy(reinterpret_cast<std::byte*>(row) - sizeof(Key), &key, sizeof(Key));
  ++size_;
  return row;
}

void RowStore::Move(std::uint32_t from, std::uint32_t to) {
  std::memcpy(state(to) - sizeof(Key) / sizeof(float), state(from) - sizeof(Key) / sizeof(float),
              row_bytes_);
}

}  // namespace fathom
