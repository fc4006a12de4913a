// A frame is one message between two roles: a header and a payload.
//
// The wire form (docs/wire-format.md), little-endian:
//   header    magic u32 | version u16 | type u16 | source u16 | destination u16 | reserved u32 (0) |
//             step u64 | payload_bytes u64 | checksum u64
//   payload   payload_bytes bytes
// The checksum is XXH3-64 of the 32 bytes before it, then the payload. A frame inside one process
// is handed over as it is, without the wire form.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/buffer.h"
#include "common/schedule/layout.h"

namespace fathom {

// One line of frame_types.def each.
enum class FrameType : std::uint16_t {
  kPeerLost = 0,  // made by the transport, never sent: the connection to `source` is gone
#define FATHOM_FRAME(kind, number, name, route, payload) kind = number,
#include "common/net/frame_types.def"
#undef FATHOM_FRAME
};

// A line of frame_types.def.
struct FrameTypeInfo {
  FrameType type;
  std::string_view name;
  std::string_view route;    // from and to, as "worker -> server"
  std::string_view payload;  // a file of common/message, or "none"
};
std::span<const FrameTypeInfo> FrameTypes();

// For messages: `a "pull" frame (worker -> server)`.
std::string Described(FrameType type);

struct Frame {
  FrameType type = FrameType::kStop;
  RoleId source = 0;
  RoleId destination = 0;
  std::uint64_t step = 0;
  Buffer payload;
  std::chrono::steady_clock::time_point arrived;  // in the mailbox
  std::shared_ptr<void> held;  // by the connection it came on, until its role takes it
};

// Bounds on what may come from a peer, checked before anything is allocated from it.
inline constexpr std::uint32_t kFrameMagic = 0x4D485446;  // "FTHM"
inline constexpr std::uint16_t kFrameVersion = 3;
inline constexpr std::size_t kFrameHeaderBytes = 40;
inline constexpr std::uint64_t kMaxFrameBytes = 1ull << 31;
inline constexpr std::uint64_t kMaxHandshakeBytes = 256;

// While frames of more bytes than these from one peer wait for their roles, nothing more is read
// from that peer. So a peer can make a rank hold at most these bytes and one more frame.
inline constexpr std::uint64_t kMaxWaitingBytes = 1ull << 28;

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

// The wire form of a header, and back. Decoding throws Error(kPeer) that names what is wrong:
// magic, version, type, reserved bits or length. The checksum is compared by CheckFrame.
void EncodeHeader(const Frame& frame, std::span<std::byte, kFrameHeaderBytes> header);
struct FrameHeader {
  FrameType type;
  RoleId source;
  RoleId destination;
  std::uint64_t step;
  std::uint64_t payload_bytes;
  std::uint64_t checksum;
};
FrameHeader DecodeHeader(std::span<const std::byte, kFrameHeaderBytes> header);
void CheckFrame(std::span<const std::byte, kFrameHeaderBytes> header,
                std::span<const std::byte> payload);

}  // namespace fathom
