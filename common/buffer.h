// A growable block of bytes, 64-byte aligned and not initialised, that moves but does not copy; the
// bytes of a plain value.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace fathom {

class Buffer {
 public:
  static constexpr std::size_t kAlignment = 64;

  Buffer() = default;
  explicit Buffer(std::size_t size) { Resize(size); }
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  std::byte* data() { return bytes_.get(); }
  const std::byte* data() const { return bytes_.get(); }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  std::span<const std::byte> bytes() const { return {data(), size_}; }
  std::span<std::byte> bytes() { return {data(), size_}; }

  // Keeps the first min(size(), size) bytes; new bytes are not initialised.
  void Resize(std::size_t size) {
    if (size > capacity_) Grow(size);
    size_ = size;
  }

 private:
  struct Free {
    void operator()(std::byte* p) const { std::free(p); }
  };

  void Grow(std::size_t size) {
    std::size_t capacity = capacity_ * 2 > size ? capacity_ * 2 : size;
    capacity = (capacity + kAlignment - 1) / kAlignment * kAlignment;
    std::unique_ptr<std::byte, Free> grown(
        static_cast<std::byte*>(std::aligned_alloc(kAlignment, capacity)));
    if (!grown) throw std::bad_alloc();
    if (size_ > 0) std::memcpy(grown.get(), bytes_.get(), size_);
    bytes_ = std::move(grown);
    capacity_ = capacity;
  }

  std::unique_ptr<std::byte, Free> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// A plain value as it lies in memory.
template <typename T>
std::span<const std::byte> BytesOf(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace fathom
