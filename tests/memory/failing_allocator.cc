#include "tests/memory/failing_allocator.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::uint64_t> calls{0};
std::atomic<std::uint64_t> refuse_first{0};
std::atomic<std::uint64_t> refuse_end{0};
std::atomic<std::int64_t> live_bytes{0};
std::atomic<std::int64_t> peak_bytes{0};

void Count(void* place) {
  const auto bytes = static_cast<std::int64_t>(malloc_usable_size(place));
  const std::int64_t now = live_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  std::int64_t peak = peak_bytes.load(std::memory_order_relaxed);
  while (now > peak && !peak_bytes.compare_exchange_weak(peak, now)) {
  }
}

void Free(void* place) {
  live_bytes.fetch_sub(static_cast<std::int64_t>(malloc_usable_size(place)),
                       std::memory_order_relaxed);
  std::free(place);
}

void* Allocate(std::size_t bytes, std::size_t alignment) {
  const std::uint64_t call = calls.fetch_add(1, std::memory_order_relaxed);
  const bool refused = call >= refuse_first.load(std::memory_order_relaxed) &&
                       call < refuse_end.load(std::memory_order_relaxed);
  void* place = nullptr;
  if (!refused) {
    // aligned_alloc wants whole multiples.
    place = alignment <= alignof(std::max_align_t)
                ? std::malloc(bytes)
                : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  }
  if (place == nullptr) throw std::bad_alloc();
  Count(place);
  return place;
}

}  // namespace

void* operator new(std::size_t bytes) { return Allocate(bytes, alignof(std::max_align_t)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return Allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* place) noexcept { Free(place); }
void operator delete(void* place, std::size_t) noexcept { Free(place); }
void operator delete(void* place, std::align_val_t) noexcept { Free(place); }
void operator delete(void* place, std::size_t, std::align_val_t) noexcept { Free(place); }

namespace fathom::testing {

void FailingAllocator::Refuse(std::uint64_t first, std::uint64_t count) {
  calls = 0;
  refuse_end = first + count;
  refuse_first = first;
}

std::uint64_t FailingAllocator::Stop() {
  refuse_end = 0;
  refuse_first = 0;
  return calls;
}

void FailingAllocator::MeterBytes() {
  live_bytes = 0;
  peak_bytes = 0;
}

std::uint64_t FailingAllocator::PeakBytes() {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(peak_bytes, 0));
}

}  // namespace fathom::testing
