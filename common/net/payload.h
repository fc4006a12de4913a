// How the payload of a frame is written and read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

#include "common/buffer.h"

namespace fathom {

// Writes a payload: numbers and arrays one after another, each array starting on 64 bytes so that
// its receiver can use it where it lies.
class PayloadWriter {
 public:
  template <typename T>
  void Put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 8);
    std::memcpy(Extend(8, sizeof(T)), &value, sizeof(T));
  }

  // Reserves an array and returns where to write it. The pointer is valid until the next call.
  template <typename T>
  std::span<T> Array(std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    return {reinterpret_cast<T*>(Extend(Buffer::kAlignment, count * sizeof(T))), count};
  }

  template <typename T>
  void PutArray(std::span<const T> values) {
    auto array = Array<T>(values.size());
    if (!values.empty()) std::memcpy(array.data(), values.data(), values.size_bytes());
  }

  // Hands the payload over; the writer is empty again.
  Buffer Take() { return std::exchange(buffer_, Buffer()); }
  std::size_t size() const { return buffer_.size(); }

 private:
  // Pads with zeros to `alignment`, adds `bytes` and returns their place.
  std::byte* Extend(std::size_t alignment, std::size_t bytes) {
    const std::size_t old = buffer_.size();
    const std::size_t begin = (old + alignment - 1) / alignment * alignment;
    buffer_.Resize(begin + bytes);
    if (begin > old) std::memset(buffer_.data() + old, 0, begin - old);
    return buffer_.data() + begin;
  }

  Buffer buffer_;
};

// Reads a payload with every length checked: a claim that exceeds the bytes that are left throws
// Error(kPeer) before anything is allocated from it. Arrays are views into the payload.
class PayloadReader {
 public:
  explicit PayloadReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <typename T>
  T Get() {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 8);
    T value;
    std::memcpy(&value, Take(8, sizeof(T)), sizeof(T));
    return value;
  }

  template <typename T>
  std::span<const T> Array(std::uint64_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    CheckCount(count, sizeof(T));
    const auto* place = Take(Buffer::kAlignment, static_cast<std::size_t>(count) * sizeof(T));
    return {reinterpret_cast<const T*>(place), static_cast<std::size_t>(count)};
  }

  // Throws if anything is left unread.
  void Finish() const;

 private:
  void CheckCount(std::uint64_t count, std::size_t item_bytes) const;
  const std::byte* Take(std::size_t alignment, std::size_t bytes);

  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

}  // namespace fathom
