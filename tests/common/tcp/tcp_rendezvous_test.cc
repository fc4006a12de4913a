// Who is let in and who is not. (Of frames that follow: tcp_connection_test.cc.)
#include "common/tcp/tcp_rendezvous.h"

#include <gtest/gtest.h>

#include "tests/common/tcp/tcp_peer.h"

namespace fathom {
namespace {

class TcpRendezvousTest : public ::testing::Test {
 protected:
  // Waits until rank 0 has refused so many.
  void AwaitRefusals(std::uint64_t count) {
    const Deadline deadline = Patiently();
    while (refusals_.count() < count && Clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_EQ(refusals_.count(), count);
  }

  // The run goes on as if nothing had been.
  void ExpectUndisturbed() {
    ConnectAll(transports_);
    transports_[1]->Send(MakeFrame(FrameType::kPull, 2, 0, 9, "undisturbed"));
    const auto frame = transports_[0]->mailbox(0).Take(Patiently());
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->type, FrameType::kPull);
    EXPECT_EQ(TextOf(*frame), "undisturbed");
  }

  void ExpectRefusal(const std::string& reason) {
    AwaitRefusals(1);
    EXPECT_NE(refusals_.last().find(reason), std::string::npos) << refusals_.last();
    ExpectUndisturbed();
  }

  void HearStrangersFor(std::chrono::milliseconds handshake_timeout) {
    transports_[0] = MakeTransport(layout_, 0, secret_, false, refusals_.Hear(handshake_timeout));
  }

  std::uint16_t port() const { return transports_[0]->port(); }

  const Layout layout_ = LayoutOf({0, 0, 1});
  const Secret secret_ = RandomSecret();
  Refusals refusals_;  // rank 0's
  Transports transports_ = [this] {
    Transports made;
    made.push_back(MakeTransport(layout_, 0, secret_, false, refusals_.Hear()));
    made.push_back(MakeTransport(layout_, 1, secret_));
    return made;
  }();
};

TEST_F(TcpRendezvousTest, WrongSecret) {
  HandPeer peer(port());
  EXPECT_FALSE(peer.Prove(RandomSecret(), 1, 0));
  ExpectRefusal("does not hold the secret");
}

TEST_F(TcpRendezvousTest, StrangerLearnsNoProof) {
  HandPeer peer(port());
  Handshake stranger = Handshake::Connecting(RandomSecret(), 1, 0);
  peer.Write(stranger.Hello());
  peer.Write(*stranger.Take(peer.ReadHandshake()));
  EXPECT_EQ(peer.ReadAll(), "");
}

TEST_F(TcpRendezvousTest, Garbage) {
  HandPeer peer(port());
  peer.Write(
      "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a scanner of ports\r\nAccept: */*\r\n\r\n");
  EXPECT_EQ(peer.ReadAll(), "");
  ExpectRefusal("is no frame");
}

TEST_F(TcpRendezvousTest, SilentClose) {
  HandPeer(port()).Close();
  ExpectRefusal("ended before the handshake was over");
}

TEST_F(TcpRendezvousTest, FrameBeforeTheHandshake) {
  HandPeer peer(port());
  peer.WriteFrame(MakeFrame(FrameType::kPush, 2, 0, 1, std::string(1000, 'x')));
  ExpectRefusal("expected message 1 of the handshake");
  EXPECT_FALSE(transports_[0]->mailbox(0).Take(Clock::now()));
}

TEST_F(TcpRendezvousTest, SlowHandshake) {
  HearStrangersFor(std::chrono::milliseconds(100));
  HandPeer peer(port());
  const HandshakeMessage hello = Handshake::Connecting(secret_, 1, 0).Hello();
  peer.Write(std::span(hello).first(10));
  EXPECT_EQ(peer.ReadAll(), "");
  ExpectRefusal("within its deadline");
}

// Its connection broke, though rank 0 has not noticed: the old one goes before the new one is used.
TEST_F(TcpRendezvousTest, ARankThatComesAgainReplacesItsConnection) {
  HandPeer first(port());
  ASSERT_TRUE(first.Prove(secret_, 1, 0));
  first.Resume(2, 0, 0);
  first.WriteFrame(MakeFrame(FrameType::kPull, 2, 0, 1, "first"));
  EXPECT_EQ(TextOf(*transports_[0]->mailbox(0).Take(Patiently())), "first");
  HandPeer second(port());
  ASSERT_TRUE(second.Prove(secret_, 1, 0));
  EXPECT_EQ(second.Resume(2, 0, 0), 1U);
  EXPECT_EQ(first.ReadAll(), "");
  second.WriteFrame(MakeFrame(FrameType::kPull, 2, 0, 2, "second"));
  EXPECT_EQ(TextOf(*transports_[0]->mailbox(0).Take(Patiently())), "second");
  EXPECT_EQ(refusals_.count(), 0U);
}

TEST_F(TcpRendezvousTest, MoreIdleStrangersThanAreHeardAtOnce) {
  HearStrangersFor(std::chrono::milliseconds(100));
  std::vector<std::unique_ptr<HandPeer>> idle;
  for (std::size_t i = 0; i < 2 * kMaxUnproven + 5; ++i)
    idle.push_back(std::make_unique<HandPeer>(port()));
  ExpectUndisturbed();
  EXPECT_GE(refusals_.count(), kMaxUnproven);
}

// With the time for a handshake as it is: nobody waits for a thousand to run out of it.
TEST_F(TcpRendezvousTest, AThousandIdleConnections) {
  std::vector<std::unique_ptr<HandPeer>> idle;
  for (int i = 0; i < 1000; ++i) idle.push_back(std::make_unique<HandPeer>(port()));
  const auto began = Clock::now();
  ExpectUndisturbed();
  EXPECT_LT(Clock::now() - began, kHandshakeTimeout);
}

TEST_F(TcpRendezvousTest, OtherVersionsOfTheFormat) {
  for (const std::uint16_t version : {kFrameVersion - 1, kFrameVersion + 1}) {
    HandshakeMessage hello = Handshake::Connecting(secret_, 1, 0).Hello();
    std::memcpy(hello.data() + 4, &version, sizeof(version));
    HandPeer peer(port());
    peer.Write(hello);
    peer.ReadAll();
  }
  AwaitRefusals(2);
  EXPECT_NE(refusals_.last().find("use one build everywhere"), std::string::npos)
      << refusals_.last();
  ExpectUndisturbed();
}

TEST_F(TcpRendezvousTest, StrangersDuringTheRunAreRefusedAsBefore) {
  ConnectAll(transports_);
  HandPeer scanner(port());
  scanner.Write(
      "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a scanner of ports, again\r\n\r\n");
  EXPECT_EQ(scanner.ReadAll(), "");
  HandPeer stranger(port());
  EXPECT_FALSE(stranger.Prove(RandomSecret(), 1, 0));
  AwaitRefusals(2);
  transports_[1]->Send(MakeFrame(FrameType::kPull, 2, 0, 9, "undisturbed"));
  EXPECT_EQ(TextOf(*transports_[0]->mailbox(0).Take(Patiently())), "undisturbed");
}

TEST_F(TcpRendezvousTest, MissingRankIsNamed) {
  const auto addresses = AddressesOf(transports_);
  const Error error = ErrorOf(
      [&] { transports_[0]->Connect(addresses, Clock::now() + std::chrono::milliseconds(20)); });
  EXPECT_EQ(error.code(), ExitCode::kPeer);
  EXPECT_NE(std::string(error.what()).find("no connection with rank 1 on here"), std::string::npos)
      << error.what();
}

TEST_F(TcpRendezvousTest, NobodyAtTheAddress) {
  auto addresses = AddressesOf(transports_);
  transports_[0].reset();
  const Error error = ErrorOf(
      [&] { transports_[1]->Connect(addresses, Clock::now() + std::chrono::milliseconds(150)); });
  EXPECT_EQ(error.code(), ExitCode::kPeer);
  EXPECT_NE(std::string(error.what()).find("refused"), std::string::npos) << error.what();
}

TEST_F(TcpRendezvousTest, TwoRanksWithDifferentSecrets) {
  transports_[1] = MakeTransport(layout_, 1, RandomSecret());
  const auto addresses = AddressesOf(transports_);
  const Error higher = ErrorOf([&] { transports_[1]->Connect(addresses, Patiently()); });
  EXPECT_EQ(higher.code(), ExitCode::kRefused) << higher.what();
  AwaitRefusals(3);
  const Error lower = ErrorOf([&] { transports_[0]->Connect(addresses, Clock::now()); });
  EXPECT_EQ(lower.code(), ExitCode::kRefused) << lower.what();
}

TEST_F(TcpRendezvousTest, AddressThatIsNone) {
  EXPECT_EQ(ErrorOf([&] {
              TcpTransport(layout_, 0, secret_, "nowhere", std::chrono::seconds(1));
            }).code(),
            ExitCode::kPeer);
  EXPECT_EQ(ErrorOf([&] {
              TcpTransport(layout_, 0, secret_, "203.0.113.7", std::chrono::seconds(1));
            }).code(),
            ExitCode::kPeer);
}

}  // namespace
}  // namespace fathom
