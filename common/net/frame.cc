#include "common/net/frame.h"

#include <fmt/format.h>

#include <bit>
#include <iterator>

#include "common/error.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

static_assert(std::endian::native == std::endian::little, "the wire form is little-endian");

struct WireHeader {
  std::uint32_t magic;
  std::uint16_t version;
  std::uint16_t type;
  std::uint16_t source;
  std::uint16_t destination;
  std::uint32_t reserved;
  std::uint64_t step;
  std::uint64_t payload_bytes;
  std::uint64_t checksum;
};
static_assert(sizeof(WireHeader) == kFrameHeaderBytes);
constexpr std::size_t kChecksummedBytes = kFrameHeaderBytes - sizeof(std::uint64_t);

std::uint64_t Checksum(std::span<const std::byte> header, std::span<const std::byte> payload) {
  Xxh3Stream stream;
  stream.Add(header.first(kChecksummedBytes));
  stream.Add(payload);
  return stream.Digest();
}

// A line of frame_types.def.
struct FrameTypeInfo {
  FrameType type;
  std::string_view name;
  std::string_view route;  // from and to, as "worker -> server"
};

constexpr FrameTypeInfo kFrameTypes[] = {
#define FATHOM_FRAME(kind, number, name, route, payload) {FrameType::kind, name, route},
#include "common/net/frame_types.def"
#undef FATHOM_FRAME
};

// What may be sent is all that the table holds: numbers 1 to its length.
constexpr bool CountsUp() {
  for (std::size_t i = 0; i < std::size(kFrameTypes); ++i) {
    if (static_cast<std::size_t>(kFrameTypes[i].type) != i + 1) return false;
  }
  return true;
}
static_assert(CountsUp(), "frame_types.def: numbers count up from 1 without a gap");

bool MayBeSent(std::uint16_t type) { return type >= 1 && type <= std::size(kFrameTypes); }

}  // namespace

std::string Described(FrameType type) {
  if (type == FrameType::kPeerLost) return "a note of a lost peer";
  const FrameTypeInfo& info = kFrameTypes[static_cast<std::size_t>(type) - 1];
  return fmt::format("a \"{}\" frame ({})", info.name, info.route);
}

void EncodeHeader(const Frame& frame, std::span<std::byte, kFrameHeaderBytes> header) {
  WireHeader wire{.magic = kFrameMagic,
                  .version = kFrameVersion,
                  .type = static_cast<std::uint16_t>(frame.type),
                  .source = frame.source,
                  .destination = frame.destination,
                  .reserved = 0,
                  .step = frame.step,
                  .payload_bytes = frame.payload.size(),
                  .checksum = 0};
  std::memcpy(header.data(), &wire, sizeof(wire));
  wire.checksum = Checksum(header, frame.payload.bytes());
  std::memcpy(header.data(), &wire, sizeof(wire));
}

FrameHeader DecodeHeader(std::span<const std::byte, kFrameHeaderBytes> header) {
  WireHeader wire;
  std::memcpy(&wire, header.data(), sizeof(wire));
  if (wire.magic != kFrameMagic)
    Fail(ExitCode::kPeer, "what came is no frame of Fathom (magic {:08x})", wire.magic);
  if (wire.version != kFrameVersion) {
    Fail(ExitCode::kPeer,
         "the peer speaks version {} of the wire format, this program version {}: use one build "
         "everywhere",
         wire.version, kFrameVersion);
  }
  if (!MayBeSent(wire.type)) Fail(ExitCode::kPeer, "a frame has the unknown type {}", wire.type);
  if (wire.reserved != 0)
    Fail(ExitCode::kPeer, "a frame's reserved bits are set ({:08x})", wire.reserved);
  if (wire.payload_bytes > kMaxFrameBytes) {
    Fail(ExitCode::kPeer, "a frame claims {} bytes, the limit is {}", wire.payload_bytes,
         kMaxFrameBytes);
  }
  return {static_cast<FrameType>(wire.type),
          wire.source,
          wire.destination,
          wire.step,
          wire.payload_bytes,
          wire.checksum};
}

void CheckFrame(std::span<const std::byte, kFrameHeaderBytes> header,
                std::span<const std::byte> payload) {
  const std::uint64_t claimed = DecodeHeader(header).checksum;
  const std::uint64_t found = Checksum(header, payload);
  if (claimed != found) {
    Fail(ExitCode::kPeer,
         "a frame of {} bytes was altered on its way: checksum {:016x}, should be {:016x}",
         payload.size(), found, claimed);
  }
}

}  // namespace fathom
