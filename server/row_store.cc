#include "server/row_store.h"

namespace fathom {

float* RowStore::Append(Key key) {
  if (size_ == slabs_.size() * kSlabRows)
    slabs_.push_back(arena_->Allocate(kSlabRows * row_bytes_));
  float* const row = state(size_);
  std::memcpy(reinterpret_cast<std::byte*>(row) - sizeof(Key), &key, sizeof(Key));
  ++size_;
  return row;
}

}  // namespace fathom
