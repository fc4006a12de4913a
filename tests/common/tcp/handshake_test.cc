#include "common/tcp/handshake.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "common/error.h"

namespace fathom {
namespace {

constexpr int kRanks = 4;

ExitCode CodeOf(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.code();
  }
  return ExitCode::kOk;
}

// Writes a number into a message and puts its checksum right again.
void Forge(HandshakeMessage& message, const std::function<void(Frame&)>& change) {
  const auto header_bytes = std::span(message).first<kFrameHeaderBytes>();
  const FrameHeader header = DecodeHeader(header_bytes);
  Frame frame{.type = header.type,
              .source = header.source,
              .destination = header.destination,
              .step = header.step,
              .payload = Buffer(32)};
  std::memcpy(frame.payload.data(), message.data() + kFrameHeaderBytes, 32);
  change(frame);
  EncodeHeader(frame, header_bytes);
  std::memcpy(message.data() + kFrameHeaderBytes, frame.payload.data(), 32);
}

class HandshakeTest : public ::testing::Test {
 protected:
  const Secret secret_ = RandomSecret();
  Handshake connector_ = Handshake::Connecting(secret_, 3, 1);
  Handshake acceptor_ = Handshake::Accepting(secret_, 1, kRanks);
};

TEST_F(HandshakeTest, BothSidesAreProvenAfterFourMessages) {
  const auto challenge = acceptor_.Take(connector_.Hello());
  EXPECT_FALSE(acceptor_.proven());
  const auto proof = connector_.Take(*challenge);
  EXPECT_TRUE(connector_.awaits_acceptance());
  EXPECT_FALSE(connector_.proven());
  const auto answer = acceptor_.Take(*proof);
  EXPECT_TRUE(acceptor_.proven());
  EXPECT_FALSE(connector_.Take(*answer));
  EXPECT_TRUE(connector_.proven());
  EXPECT_EQ(acceptor_.peer_rank(), 3);
  EXPECT_EQ(connector_.peer_rank(), 1);
}

TEST_F(HandshakeTest, WrongSecretOfTheConnector) {
  Handshake stranger = Handshake::Connecting(RandomSecret(), 3, 1);
  const auto proof = stranger.Take(*acceptor_.Take(stranger.Hello()));
  EXPECT_EQ(CodeOf([&] { acceptor_.Take(*proof); }), ExitCode::kRefused);
  EXPECT_FALSE(acceptor_.proven());
}

TEST_F(HandshakeTest, WrongSecretOfTheAcceptor) {
  // It skips the check of the proof, as an impostor would, and answers with a proof of its own.
  const Secret other = RandomSecret();
  Handshake impostor = Handshake::Accepting(other, 1, kRanks);
  const HandshakeMessage hello = connector_.Hello();
  connector_.Take(*impostor.Take(hello));
  Handshake accomplice = Handshake::Connecting(other, 3, 1);
  Handshake second = Handshake::Accepting(other, 1, kRanks);
  const auto answer = second.Take(*accomplice.Take(*second.Take(accomplice.Hello())));
  EXPECT_EQ(CodeOf([&] { connector_.Take(*answer); }), ExitCode::kRefused);
  EXPECT_FALSE(connector_.proven());
}

TEST_F(HandshakeTest, ProofOfTheOtherDirectionIsNoProof) {
  // The acceptor's challenge answered with what an acceptor would say.
  const HandshakeMessage hello = connector_.Hello();
  const auto proof = connector_.Take(*acceptor_.Take(hello));
  HandshakeMessage reflected = *proof;
  Forge(reflected, [](Frame& frame) {
    frame.source = 1;
    frame.destination = 3;
    frame.step = 4;
  });
  EXPECT_EQ(CodeOf([&] { connector_.Take(reflected); }), ExitCode::kRefused);
}

TEST_F(HandshakeTest, ReplayedProof) {
  const HandshakeMessage hello = connector_.Hello();
  const auto proof = connector_.Take(*acceptor_.Take(hello));
  Handshake fresh = Handshake::Accepting(secret_, 1, kRanks);
  fresh.Take(hello);
  EXPECT_EQ(CodeOf([&] { fresh.Take(*proof); }), ExitCode::kRefused);
}

TEST_F(HandshakeTest, ProofOfAnotherRank) {
  Handshake two = Handshake::Connecting(secret_, 2, 1);
  HandshakeMessage hello = two.Hello();
  Forge(hello, [](Frame& frame) { frame.source = 3; });
  HandshakeMessage challenge = *acceptor_.Take(hello);
  Forge(challenge, [](Frame& frame) { frame.destination = 2; });
  HandshakeMessage proof = *two.Take(challenge);
  Forge(proof, [](Frame& frame) { frame.source = 3; });
  EXPECT_EQ(CodeOf([&] { acceptor_.Take(proof); }), ExitCode::kRefused);
}

TEST_F(HandshakeTest, RankChangedAfterTheHello) {
  HandshakeMessage proof = *connector_.Take(*acceptor_.Take(connector_.Hello()));
  Forge(proof, [](Frame& frame) { frame.source = 2; });
  EXPECT_EQ(CodeOf([&] { acceptor_.Take(proof); }), ExitCode::kPeer);
}

TEST_F(HandshakeTest, RankThatDoesNotConnectHere) {
  for (int rank : {0, 1, kRanks, 65535}) {
    Handshake stranger = Handshake::Connecting(secret_, rank, 1);
    Handshake acceptor = Handshake::Accepting(secret_, 1, kRanks);
    EXPECT_EQ(CodeOf([&] { acceptor.Take(stranger.Hello()); }), ExitCode::kPeer) << rank;
  }
}

TEST_F(HandshakeTest, HelloForAnotherRank) {
  Handshake lost = Handshake::Connecting(secret_, 3, 2);
  EXPECT_EQ(CodeOf([&] { acceptor_.Take(lost.Hello()); }), ExitCode::kPeer);
}

TEST_F(HandshakeTest, MessageOutOfTurn) {
  const auto proof = connector_.Take(*acceptor_.Take(connector_.Hello()));
  Handshake fresh = Handshake::Accepting(secret_, 1, kRanks);
  EXPECT_EQ(CodeOf([&] { fresh.Take(*proof); }), ExitCode::kPeer);
}

TEST_F(HandshakeTest, FrameOfAnotherType) {
  HandshakeMessage hello = connector_.Hello();
  Forge(hello, [](Frame& frame) { frame.type = FrameType::kPush; });
  EXPECT_EQ(CodeOf([&] { acceptor_.Take(hello); }), ExitCode::kPeer);
}

TEST_F(HandshakeTest, WrongLength) {
  HandshakeMessage hello = connector_.Hello();
  Forge(hello, [](Frame& frame) { frame.payload.Resize(33); });
  EXPECT_EQ(CodeOf([&] { acceptor_.Take(hello); }), ExitCode::kPeer);
}

TEST_F(HandshakeTest, AnyBitAltered) {
  const HandshakeMessage hello = connector_.Hello();
  for (std::size_t bit = 0; bit < 8 * hello.size(); ++bit) {
    HandshakeMessage altered = hello;
    altered[bit / 8] ^= std::byte{1} << (bit % 8);
    Handshake acceptor = Handshake::Accepting(secret_, 1, kRanks);
    EXPECT_EQ(CodeOf([&] { acceptor.Take(altered); }), ExitCode::kPeer) << "bit " << bit;
  }
}

TEST(Secret, IsNotTheSameTwice) { EXPECT_NE(RandomSecret().bytes, RandomSecret().bytes); }

}  // namespace
}  // namespace fathom
