#include "common/net/frame.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

#include "common/net/payload.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using Header = std::array<std::byte, kFrameHeaderBytes>;

Frame MakeFrame() {
  PayloadWriter writer;
  writer.Put<std::uint64_t>(0x1122334455667788);
  return {.type = FrameType::kRows,
          .source = 0x00010003,
          .destination = 0x04050607,
          .step = 77,
          .payload = writer.Take()};
}

Header Encoded(const Frame& frame) {
  Header header;
  EncodeHeader(frame, header);
  return header;
}

template <typename T>
void Overwrite(Header* header, std::size_t at, T value) {
  std::memcpy(header->data() + at, &value, sizeof(value));
}

template <typename T>
T At(const Header& header, std::size_t at) {
  T value;
  std::memcpy(&value, header.data() + at, sizeof(value));
  return value;
}

TEST(Frame, HeaderLiesAsTheWireFormatSays) {
  const Header header = Encoded(MakeFrame());
  EXPECT_EQ(std::memcmp(header.data(), "FTHM", 4), 0);
  EXPECT_EQ(At<std::uint16_t>(header, 4), 5);
  EXPECT_EQ(At<std::uint16_t>(header, 6), 3);
  EXPECT_EQ(At<std::uint32_t>(header, 8), 0x00010003U);
  EXPECT_EQ(At<std::uint32_t>(header, 12), 0x04050607U);
  EXPECT_EQ(At<std::uint64_t>(header, 16), 77U);
  EXPECT_EQ(At<std::uint64_t>(header, 24), 8U);
}

TEST(Frame, HeaderRoundTrip) {
  const Frame frame = MakeFrame();
  const FrameHeader header = DecodeHeader(Encoded(frame));
  EXPECT_EQ(header.type, frame.type);
  EXPECT_EQ(header.source, frame.source);
  EXPECT_EQ(header.destination, frame.destination);
  EXPECT_EQ(header.step, frame.step);
  EXPECT_EQ(header.payload_bytes, frame.payload.size());
  CheckFrame(Encoded(frame), frame.payload.bytes());
}

TEST(Frame, AnEmptyPayloadIsAFrame) {
  const Frame frame{
      .type = FrameType::kStop, .source = 0, .destination = 1, .step = 0, .payload = {}};
  EXPECT_EQ(DecodeHeader(Encoded(frame)).payload_bytes, 0U);
  CheckFrame(Encoded(frame), frame.payload.bytes());
}

TEST(Frame, WrongMagic) {
  Header header = Encoded(MakeFrame());
  Overwrite<std::uint8_t>(&header, 0, 'G');
  ExpectError(ExitCode::kPeer, {"magic", "4d485447"}, [&] { DecodeHeader(header); });
}

TEST(Frame, WrongVersion) {
  Header header = Encoded(MakeFrame());
  Overwrite<std::uint16_t>(&header, 4, 1);
  ExpectError(ExitCode::kPeer, {"version 1", "one build everywhere"},
              [&] { DecodeHeader(header); });
}

TEST(Frame, UnknownType) {
  for (const std::uint16_t type : {0, 24, 0xFFFF}) {
    Header header = Encoded(MakeFrame());
    Overwrite(&header, 6, type);
    ExpectError(ExitCode::kPeer, {"unknown type"}, [&] { DecodeHeader(header); });
  }
}

TEST(Frame, PeerLostIsNeverSent) {
  Frame frame = MakeFrame();
  frame.type = FrameType::kPeerLost;
  ExpectError(ExitCode::kPeer, {"unknown type 0"}, [&] { DecodeHeader(Encoded(frame)); });
}

TEST(Frame, ClaimsMoreThanTheLimit) {
  Header header = Encoded(MakeFrame());
  Overwrite<std::uint64_t>(&header, 24, kMaxFrameBytes);
  EXPECT_EQ(DecodeHeader(header).payload_bytes, kMaxFrameBytes);
  Overwrite<std::uint64_t>(&header, 24, kMaxFrameBytes + 1);
  ExpectError(ExitCode::kPeer, {"2147483649", "limit"}, [&] { DecodeHeader(header); });
}

TEST(Frame, EveryAlteredByteIsNoticed) {
  Frame frame = MakeFrame();
  const Header header = Encoded(frame);
  for (std::size_t i = 0; i < kFrameHeaderBytes; ++i) {
    Header altered = header;
    altered[i] ^= std::byte{1};
    ExpectError(ExitCode::kPeer, {}, [&] { CheckFrame(altered, frame.payload.bytes()); });
  }
  for (std::size_t i = 0; i < frame.payload.size(); ++i) {
    frame.payload.data()[i] ^= std::byte{0x10};
    ExpectError(ExitCode::kPeer, {"altered", "checksum"},
                [&] { CheckFrame(header, frame.payload.bytes()); });
    frame.payload.data()[i] ^= std::byte{0x10};
  }
  CheckFrame(header, frame.payload.bytes());
}

TEST(Payload, NumbersAndArraysComeBack) {
  PayloadWriter writer;
  writer.Put<std::uint32_t>(7);
  writer.Put<double>(0.1);
  const std::vector<float> floats = {1, -2, 3};
  writer.PutArray(std::span<const float>(floats));
  writer.Array<std::uint8_t>(2)[1] = 9;
  writer.PutArray(std::span<const std::uint64_t>());
  const Buffer payload = writer.Take();
  EXPECT_EQ(writer.size(), 0U);

  PayloadReader reader(payload.bytes());
  EXPECT_EQ(reader.Get<std::uint32_t>(), 7U);
  EXPECT_EQ(reader.Get<double>(), 0.1);
  const auto read = reader.Array<float>(3);
  EXPECT_EQ(std::vector<float>(read.begin(), read.end()), floats);
  EXPECT_EQ(reader.Array<std::uint8_t>(2)[1], 9);
  EXPECT_TRUE(reader.Array<std::uint64_t>(0).empty());
  reader.Finish();
}

TEST(Payload, ArraysStartOn64Bytes) {
  PayloadWriter writer;
  for (int i = 0; i < 3; ++i) {
    writer.Put<std::uint8_t>(1);
    writer.Array<float>(5);
  }
  const Buffer payload = writer.Take();
  PayloadReader reader(payload.bytes());
  for (int i = 0; i < 3; ++i) {
    reader.Get<std::uint8_t>();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(reader.Array<float>(5).data()) % 64, 0U);
  }
}

TEST(Payload, PaddingIsZero) {
  PayloadWriter writer;
  writer.Put<std::uint8_t>(0xFF);
  writer.Array<std::uint8_t>(1)[0] = 0xFF;
  const Buffer payload = writer.Take();
  ASSERT_EQ(payload.size(), 65U);
  for (std::size_t i = 1; i < 64; ++i) EXPECT_EQ(payload.data()[i], std::byte{0}) << i;
}

TEST(Payload, ClaimOfMoreItemsThanBytesAreLeft) {
  PayloadWriter writer;
  writer.Array<float>(4);
  const Buffer payload = writer.Take();
  for (const std::uint64_t count :
       {std::uint64_t{5}, std::uint64_t{1} << 62, std::numeric_limits<std::uint64_t>::max()}) {
    PayloadReader reader(payload.bytes());
    ExpectError(ExitCode::kPeer, {"claims", "items"}, [&] { reader.Array<float>(count); });
  }
}

TEST(Payload, PaddingUsesUpTheBytesOfAClaim) {
  PayloadWriter writer;
  writer.Put<std::uint8_t>(1);
  writer.Array<std::uint8_t>(8);
  const Buffer payload = writer.Take();
  PayloadReader reader(payload.bytes());
  reader.Get<std::uint8_t>();
  ExpectError(ExitCode::kPeer, {"72 bytes ends"}, [&] { reader.Array<std::uint8_t>(9); });
}

TEST(Payload, EndsWithinANumber) {
  PayloadWriter writer;
  writer.Put<std::uint32_t>(1);
  const Buffer payload = writer.Take();
  PayloadReader reader(payload.bytes());
  ExpectError(ExitCode::kPeer, {"ends where 8 bytes"}, [&] { reader.Get<std::uint64_t>(); });
}

TEST(Payload, TrailingBytes) {
  PayloadWriter writer;
  writer.Put<std::uint64_t>(1);
  writer.Put<std::uint8_t>(1);
  const Buffer payload = writer.Take();
  PayloadReader reader(payload.bytes());
  reader.Get<std::uint64_t>();
  ExpectError(ExitCode::kPeer, {"1 bytes too many"}, [&] { reader.Finish(); });
}

}  // namespace
}  // namespace fathom
