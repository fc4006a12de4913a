// A frame is one message between two roles: a header and a payload.
//
// The wire form (docs/wire-format.md), little-endian:
//   header    magic u32 | version u16 | type u16 | source u32 | destination u32 | step u64 |
//             payload_bytes u64 | checksum u64
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
inline constexpr std::uint16_t kFrameVersion = 5;
inline constexpr std::size_t kFrameHeaderBytes = 40;
inline constexpr std::uint64_t kMaxFrameBytes = 1ull << 31;
inline constexpr std::uint64_t kMaxHandshakeBytes = 256;

// While frames of more bytes than these from one peer wait for their roles, nothing more is read
// from that peer. So a peer can make a rank hold at most these bytes and one more frame.
inline constexpr std::uint64_t kMaxWaitingBytes = 1ull << 28;

// The wire form of a header, and back. Decoding throws Error(kPeer) that names what is wrong:
// magic, version, type or length. The checksum is compared by CheckFrame.
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
