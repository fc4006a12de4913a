// A vector whose first element starts a cache line, so that rows of a multiple of 16 floats, and
// the processor's widest loads of them, never straddle two.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace fathom {

inline constexpr std::size_t kCacheLineBytes = 64;

template <typename T>
struct CacheLineAllocator {
  using value_type = T;

  CacheLineAllocator() = default;
  template <typename U>
  CacheLineAllocator(const CacheLineAllocator<U>&) {}

  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t(kCacheLineBytes)));
  }
  void deallocate(T* place, std::size_t) {
    ::operator delete(place, std::align_val_t(kCacheLineBytes));
  }
  friend bool operator==(CacheLineAllocator, CacheLineAllocator) { return true; }
};

template <typename T>
using AlignedVector = std::vector<T, CacheLineAllocator<T>>;

}  // namespace fathom
