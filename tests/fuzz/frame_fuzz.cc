// A frame from the network of any bytes: header, checksum, and every kind of payload.
#include "common/error.h"
#include "common/message/messages.h"
#include "common/message/profile_message.h"
#include "common/message/saved_message.h"
#include "common/net/handshake.h"
#include "tests/fuzz/fuzz_input.h"

using namespace fathom;

namespace {

const std::vector<TableSpec>& Tables() {
  static const std::vector<TableSpec> tables = {{.name = "wide", .wide = true},
                                                {.name = "deep3", .dim = 3},
                                                {.name = "wide_deep2", .wide = true, .dim = 2}};
  return tables;
}

// Payloads are used where they lie, so they come aligned.
Buffer Aligned(std::span<const std::byte> bytes) {
  Buffer buffer(bytes.size());
  if (!bytes.empty()) std::memcpy(buffer.data(), bytes.data(), bytes.size());
  return buffer;
}

void Decode(std::uint8_t kind, std::span<const std::byte> payload) {
  const std::size_t pulled[] = {4, 4, 4};
  switch (kind % 10) {
    case 0:
      DecodePull(payload, Tables().size(), 0, 1);
      return;
    case 1:
      DecodeRows(payload, Tables());
      return;
    case 2:
      DecodePush(payload, Tables(), pulled, 32);
      return;
    case 3:
      DecodeStepDone(payload);
      return;
    case 4:
      DecodeScores(payload);
      return;
    case 6:
      DecodeOrder(payload);
      return;
    case 5:
      DecodeSaved(payload);
      return;
    case 7:
      DecodeSave(payload);
      return;
    case 8:
      DecodeProfile(payload);
      return;
    default:
      DecodeFailed(payload);
      return;
  }
}

void TakeHeader(std::span<const std::byte> bytes) {
  if (bytes.size() < kFrameHeaderBytes) return;
  const auto header = bytes.first<kFrameHeaderBytes>();
  DecodeHeader(header);
  CheckFrame(header, bytes.subspan(kFrameHeaderBytes));
}

void TakeHandshake(Handshake handshake, std::span<const std::byte> bytes) {
  HandshakeMessage message;
  while (bytes.size() >= message.size()) {
    std::memcpy(message.data(), bytes.data(), message.size());
    handshake.Take(message);
    bytes = bytes.subspan(message.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint8_t kind = input.Byte();
  const Buffer bytes = Aligned(input.rest());
  try {
    if (kind < 0x20) {
      TakeHeader(bytes.bytes());
    } else if (kind < 0x40) {
      TakeHandshake(Handshake::Accepting(Secret{}, 0, 4), bytes.bytes());
    } else if (kind < 0x50) {
      Handshake connecting = Handshake::Connecting(Secret{}, 1, 0);
      connecting.Hello();
      TakeHandshake(std::move(connecting), bytes.bytes());
    } else {
      Decode(kind, bytes.bytes());
    }
  } catch (const Error&) {
  }
  return 0;
}
