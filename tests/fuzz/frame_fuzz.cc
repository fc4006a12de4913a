// A frame from the network of any bytes: header, checksum, and every kind of payload.
#include "common/error.h"
#include "common/message/failed_message.h"
#include "common/message/file_answer.h"
#include "common/message/file_order.h"
#include "common/message/profile_message.h"
#include "common/message/pull_message.h"
#include "common/message/push_message.h"
#include "common/message/rows_message.h"
#include "common/message/save_request.h"
#include "common/message/saved_message.h"
#include "common/message/scores_message.h"
#include "common/message/step_done_message.h"
#include "common/message/step_order.h"
#include "common/net/payload.h"
#include "common/tcp/handshake.h"
#include "common/tcp/send_queue.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/support/frame_types.h"

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

// Numbers that a peer says it has received, of three frames sent: the first of a connection, or
// not.
void TakeReceived(std::span<const std::byte> numbers) {
  SendQueue queue;
  for (int i = 0; i < 3; ++i) queue.Push(MakeOutgoing(Frame{.type = FrameType::kStop}));
  PayloadReader reader(numbers);
  for (;;) {
    std::vector<KeptFrame> frames;
    queue.TakeUnwritten(2, &frames);
    const auto number = reader.Get<std::uint64_t>();
    if ((number >> 63) != 0) {
      queue.Resume(number << 1 >> 1);
    } else {
      queue.Acknowledge(number);
    }
    if (queue.written() > 3) std::abort();
  }
}

// A frame without a payload stands for the profile, which travels by MPI.
void Decode(FrameType type, std::span<const std::byte> payload) {
  const std::size_t pulled[] = {4, 4, 4};
  switch (type) {
    case FrameType::kPull:
      DecodePull(payload, Tables().size(), Partitions(), 0, 1);
      return;
    case FrameType::kRows:
      DecodeRows(payload, Tables());
      return;
    case FrameType::kPush:
      DecodePush(payload, Tables(), pulled, 32);
      return;
    case FrameType::kStepDone:
      DecodeStepDone(payload);
      return;
    case FrameType::kScores:
      DecodeScores(payload);
      return;
    case FrameType::kSave:
      DecodeSave(payload);
      return;
    case FrameType::kSaved:
      DecodeSaved(payload);
      return;
    case FrameType::kFileOrder:
      DecodeFileOrder(payload);
      return;
    case FrameType::kFileAnswer:
      DecodeFileAnswer(payload);
      return;
    case FrameType::kFailed:
      DecodeFailed(payload);
      return;
    case FrameType::kOrder:
      DecodeOrder(payload);
      return;
    case FrameType::kReceived:
      TakeReceived(payload);
      return;
    case FrameType::kPeerLost:
    case FrameType::kHandshake:
    case FrameType::kWorkerDone:
    case FrameType::kStop:
    case FrameType::kGoodbye:
    case FrameType::kNextOrder:
    case FrameType::kPause:
    case FrameType::kPaused:
    case FrameType::kAlive:
    case FrameType::kBeat:
    case FrameType::kLeft:
    case FrameType::kGoOn:
      DecodeProfile(payload);
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
      const auto types = testing::FrameTypes();
      Decode(types[(kind - 0x50U) % types.size()].type, bytes.bytes());
    }
  } catch (const Error&) {
  }
  return 0;
}
