// Control messages, which are small structs: cereal over bytes that a peer sent. Every length, in
// elements of their size, is checked against the bytes that are left before anything is allocated
// from it, and nothing may be left over in the end. A message needs `serialize(archive, message)`;
// EncodeControl and DecodeControl do the rest.
#pragma once

#include <cereal/cereal.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "common/buffer.h"
#include "common/error.h"

namespace fathom {

class ControlOutput : public cereal::OutputArchive<ControlOutput, cereal::AllowEmptyClassElision> {
 public:
  ControlOutput() : OutputArchive(this) {}

  void Write(const void* data, std::size_t size) {
    const std::size_t at = buffer_.size();
    buffer_.Resize(at + size);
    if (size > 0) std::memcpy(buffer_.data() + at, data, size);
  }
  Buffer Take() { return std::move(buffer_); }

 private:
  Buffer buffer_;
};

class ControlInput : public cereal::InputArchive<ControlInput, cereal::AllowEmptyClassElision> {
 public:
  explicit ControlInput(std::span<const std::byte> bytes) : InputArchive(this), bytes_(bytes) {}

  std::size_t left() const { return bytes_.size(); }

  void Read(void* data, std::size_t size) {
    if (size > left())
      Fail(ExitCode::kPeer, "a control message ends {} bytes too early", size - left());
    if (size > 0) std::memcpy(data, bytes_.data(), size);
    bytes_ = bytes_.subspan(size);
  }
  // A number of elements that take so many bytes each, or more.
  std::uint64_t ReadCount(std::size_t element_bytes) {
    std::uint64_t count = 0;
    Read(&count, sizeof(count));
    if (count > left() / element_bytes) {
      Fail(ExitCode::kPeer, "a control message claims {} elements of {} bytes in {} bytes", count,
           element_bytes, left());
    }
    return count;
  }
  void Finish() const {
    if (left() > 0) Fail(ExitCode::kPeer, "a control message has {} bytes too many", left());
  }

 private:
  std::span<const std::byte> bytes_;
};

template <typename T>
requires std::is_arithmetic_v<T>
void CEREAL_SAVE_FUNCTION_NAME(ControlOutput& archive, const T& value) {
  archive.Write(&value, sizeof(value));
}
template <typename T>
requires std::is_arithmetic_v<T>
void CEREAL_LOAD_FUNCTION_NAME(ControlInput& archive, T& value) {
  archive.Read(&value, sizeof(value));
}

template <typename T>
void CEREAL_SAVE_FUNCTION_NAME(ControlOutput& archive, const cereal::NameValuePair<T>& pair) {
  archive(pair.value);
}
template <typename T>
void CEREAL_LOAD_FUNCTION_NAME(ControlInput& archive, cereal::NameValuePair<T>& pair) {
  archive(pair.value);
}

template <typename T>
void CEREAL_SAVE_FUNCTION_NAME(ControlOutput& archive, const cereal::SizeTag<T>& tag) {
  const auto size = static_cast<std::uint64_t>(tag.size);
  archive.Write(&size, sizeof(size));
}
// Of a string, whose elements are bytes.
template <typename T>
void CEREAL_LOAD_FUNCTION_NAME(ControlInput& archive, cereal::SizeTag<T>& tag) {
  tag.size = archive.ReadCount(1);
}

template <typename T>
void CEREAL_SAVE_FUNCTION_NAME(ControlOutput& archive, const cereal::BinaryData<T>& data) {
  archive.Write(data.data, static_cast<std::size_t>(data.size));
}
template <typename T>
void CEREAL_LOAD_FUNCTION_NAME(ControlInput& archive, cereal::BinaryData<T>& data) {
  if (data.size > archive.left())
    Fail(ExitCode::kPeer, "a control message ends {} bytes too early", data.size - archive.left());
  archive.Read(data.data, static_cast<std::size_t>(data.size));
}

}  // namespace fathom

CEREAL_REGISTER_ARCHIVE(fathom::ControlOutput)
CEREAL_REGISTER_ARCHIVE(fathom::ControlInput)
CEREAL_SETUP_ARCHIVE_TRAITS(fathom::ControlInput, fathom::ControlOutput)

namespace fathom {

template <typename Message>
Buffer EncodeControl(const Message& message) {
  ControlOutput archive;
  archive(message);
  return archive.Take();
}

// The bytes that a T takes whose strings and lists are empty.
template <typename T>
std::size_t LeastControlBytes() {
  static const std::size_t bytes = EncodeControl(T{}).size();
  return bytes;
}

// In the place of cereal's own. A list of structs grows as they are read: what they take in memory
// follows what has come.
template <typename T>
void CEREAL_LOAD_FUNCTION_NAME(ControlInput& archive, std::vector<T>& values) {
  values.clear();
  if constexpr (std::is_arithmetic_v<T>) {
    values.resize(archive.ReadCount(sizeof(T)));
    archive.Read(values.data(), values.size() * sizeof(T));
  } else {
    for (auto left = archive.ReadCount(LeastControlBytes<T>()); left > 0; --left)
      archive(values.emplace_back());
  }
}

// Throws Error(kPeer): too short, too long, a claim of more elements than the bytes hold.
template <typename Message>
Message DecodeControl(std::span<const std::byte> payload) {
  ControlInput archive(payload);
  Message message;
  archive(message);
  archive.Finish();
  return message;
}

}  // namespace fathom
