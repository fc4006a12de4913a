// Connections that break are mended: no frame is lost, none comes twice, and only by those who hold
// the secret. (Of what a peer may send: tcp_connection_test.cc.)
#include "common/tcp/tcp_link.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <random>

#include "tests/common/tcp/tcp_peer.h"
#include "tests/support/reset_connections.h"

namespace fathom {
namespace {

// Rank 0 plays the coordinator and the server, rank 1, driven by hand, a worker. Rank 1 listens,
// as a process does that lives, and lets nobody in.
class TcpLinkTest : public ::testing::Test {
 protected:
  void SetUp() override { Meet(std::chrono::seconds(30)); }
  void TearDown() override { listens_.close(); }  // rank 1 is gone: rank 0 need not wait for it
  void Meet(std::chrono::milliseconds timeout) { Meet(timeout, {kTestHost, PortThere()}); }

  void Meet(std::chrono::milliseconds timeout, const TcpAddress& there) {
    peer_.reset();
    transport_ = std::make_unique<TcpTransport>(layout_, 0, secret_, kTestHost, timeout, false,
                                                refusals_.Hear());
    peer_ = std::make_unique<HandPeer>(transport_->port());
    std::thread connecting([&] {
      transport_->Connect({{kTestHost, transport_->port()}, there}, Patiently());
    });
    EXPECT_TRUE(peer_->Prove(secret_, 1, 0));
    connecting.join();
    EXPECT_EQ(peer_->Resume(2, 0, 0), 0U);
  }

  // A new connection of rank 1, which has received so many frames; what rank 0 has of it.
  std::uint64_t ComeAgain(std::uint64_t received) {
    peer_ = std::make_unique<HandPeer>(transport_->port());
    EXPECT_TRUE(peer_->Prove(secret_, 1, 0));
    return peer_->Resume(2, 0, received);
  }

  void Push(std::uint64_t step) {
    peer_->WriteFrame(MakeFrame(FrameType::kPush, 2, 1, step, "gradients"));
  }

  void ExpectPush(std::uint64_t step) {
    const auto frame = transport_->mailbox(1).Take(Patiently());
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->type, FrameType::kPush) << TextOf(*frame);
    EXPECT_EQ(frame->step, step);
    EXPECT_EQ(TextOf(*frame), "gradients");
  }

  void ExpectLost(const std::string& reason) {
    const auto lost = transport_->mailbox(1).Take(Patiently());
    ASSERT_TRUE(lost);
    ASSERT_EQ(lost->type, FrameType::kPeerLost);
    EXPECT_EQ(lost->source, 2);
    EXPECT_NE(TextOf(*lost).find(reason), std::string::npos) << TextOf(*lost);
    EXPECT_FALSE(transport_->mailbox(1).Take(Clock::now()));
  }

  void ExpectNothing() { EXPECT_FALSE(transport_->mailbox(1).Take(Clock::now())); }

  std::uint16_t PortThere() const { return listens_.local_endpoint().port(); }

  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor listens_{io_, {boost::asio::ip::make_address(kTestHost), 0}};
  const Layout layout_ = LayoutOf({0, 0, 1});
  const Secret secret_ = RandomSecret();
  Refusals refusals_;
  std::unique_ptr<TcpTransport> transport_;
  std::unique_ptr<HandPeer> peer_;
};

TEST_F(TcpLinkTest, AfterAResetItGoesOnWhereItBroke) {
  Push(1);
  ExpectPush(1);
  transport_->Send(MakeFrame(FrameType::kRows, 1, 2, 5));
  EXPECT_EQ(peer_->ReadHeader().step, 5U);
  peer_->Reset();
  EXPECT_EQ(ComeAgain(1), 1U);
  Push(2);
  ExpectPush(2);
  transport_->Send(MakeFrame(FrameType::kRows, 1, 2, 6));
  EXPECT_EQ(peer_->ReadHeader().step, 6U);
}

TEST_F(TcpLinkTest, WhatThePeerDoesNotHaveIsSentAgain) {
  for (std::uint64_t step = 1; step <= 3; ++step)
    transport_->Send(MakeFrame(FrameType::kRows, 1, 2, step));
  for (std::uint64_t step = 1; step <= 3; ++step) EXPECT_EQ(peer_->ReadHeader().step, step);
  peer_->Reset();
  transport_->Send(MakeFrame(FrameType::kRows, 1, 2, 4));
  ComeAgain(1);
  for (std::uint64_t step = 2; step <= 4; ++step) EXPECT_EQ(peer_->ReadHeader().step, step);
}

TEST_F(TcpLinkTest, HalfAFrameDoesNotCount) {
  Push(1);
  std::array<std::byte, kFrameHeaderBytes> header;
  EncodeHeader(MakeFrame(FrameType::kPush, 2, 1, 2, "gradients"), header);
  peer_->Write(header);
  peer_->Write("grad");
  ExpectPush(1);
  peer_->Close();
  EXPECT_EQ(ComeAgain(0), 1U);
  ExpectNothing();
  Push(2);
  ExpectPush(2);
}

TEST_F(TcpLinkTest, TheReceiptOfAMegabyteIsSaid) {
  peer_->WriteFrame(MakeFrame(FrameType::kPush, 2, 1, 1, std::string(kAcknowledgeBytes, 'x')));
  const FrameHeader header = peer_->ReadHeader();
  EXPECT_EQ(header.type, FrameType::kReceived);
  EXPECT_EQ(header.step, 1U);
}

TEST_F(TcpLinkTest, TheReceiptOfLessIsSaidWithABeat) {
  Meet(std::chrono::seconds(1));
  Push(1);
  EXPECT_EQ(peer_->ReadHeader().type, FrameType::kBeat);
  const FrameHeader header = peer_->ReadHeader();
  EXPECT_EQ(header.type, FrameType::kReceived);
  EXPECT_EQ(header.step, 1U);
}

// As of a rank that has lost its connection, and cannot dial.
TEST_F(TcpLinkTest, WhoConnectsWithoutAWordMakesItBeat) {
  Meet(std::chrono::minutes(10));
  HandPeer(transport_->port()).Close();
  EXPECT_EQ(peer_->ReadHeader().type, FrameType::kBeat);
}

TEST_F(TcpLinkTest, ANumberThatWasNeverSentEndsIt) {
  peer_->Reset();
  peer_ = std::make_unique<HandPeer>(transport_->port());
  ASSERT_TRUE(peer_->Prove(secret_, 1, 0));
  peer_->WriteFrame(MakeFrame(FrameType::kReceived, 2, 0, 5));
  ExpectLost("it says that it has received 5 frames, but only 0 were sent to it");
}

TEST_F(TcpLinkTest, ANumberThatIsKeptNoLongerEndsIt) {
  for (std::uint64_t step = 1; step <= 2; ++step) {
    transport_->Send(MakeFrame(FrameType::kRows, 1, 2, step));
    EXPECT_EQ(peer_->ReadHeader().step, step);
  }
  peer_->WriteFrame(MakeFrame(FrameType::kReceived, 2, 0, 2));
  Push(1);
  ExpectPush(1);  // so the receipt has been heard
  peer_->Reset();
  peer_ = std::make_unique<HandPeer>(transport_->port());
  ASSERT_TRUE(peer_->Prove(secret_, 1, 0));
  peer_->WriteFrame(MakeFrame(FrameType::kReceived, 2, 0, 1));
  ExpectLost("the frames between are kept no longer");
}

TEST_F(TcpLinkTest, AConnectionThatBeginsWithAnotherFrameEndsIt) {
  peer_->Reset();
  peer_ = std::make_unique<HandPeer>(transport_->port());
  ASSERT_TRUE(peer_->Prove(secret_, 1, 0));
  Push(1);
  ExpectLost("began a connection with a \"push\" frame");
}

TEST_F(TcpLinkTest, AnotherSecretMendsNothing) {
  peer_->Reset();
  HandPeer stranger(transport_->port());
  EXPECT_FALSE(stranger.Prove(RandomSecret(), 1, 0));
  ComeAgain(0);
  EXPECT_NE(refusals_.last().find("does not hold the secret"), std::string::npos)
      << refusals_.last();
  Push(1);
  ExpectPush(1);
}

TEST_F(TcpLinkTest, AReplayedHandshakeMendsNothing) {
  HandPeer first(transport_->port());
  Handshake handshake = Handshake::Connecting(secret_, 1, 0);
  const HandshakeMessage hello = handshake.Hello();
  first.Write(hello);
  const HandshakeMessage proof = *handshake.Take(first.ReadHandshake());
  first.Write(proof);
  handshake.Take(first.ReadHandshake());
  ASSERT_TRUE(handshake.proven());
  first.Resume(2, 0, 0);
  first.Reset();
  HandPeer listener(transport_->port());
  listener.Write(hello);
  listener.ReadHandshake();
  listener.Write(proof);
  EXPECT_EQ(listener.ReadAll(), "");
  const Deadline deadline = Patiently();
  while (refusals_.count() == 0 && Clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_NE(refusals_.last().find("does not hold the secret"), std::string::npos)
      << refusals_.last();
}

TEST_F(TcpLinkTest, APeerThatDoesNotComeAgainIsLostAtTheDeadline) {
  Meet(std::chrono::milliseconds(500));
  const auto began = Clock::now();
  peer_->Reset();
  ExpectLost("and it could not be reached again for 0.");
  EXPECT_GT(Clock::now() - began, std::chrono::milliseconds(200));
}

TEST_F(TcpLinkTest, APeerThatIsGoneIsLostBeforeTheDeadline) {
  listens_.close();
  const auto began = Clock::now();
  peer_->Reset();
  ExpectLost("any more");
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(20));
}

// At another address than rank 0's: its kernel cannot be asked.
TEST_F(TcpLinkTest, APeerOnAnotherHostThatRefusesForSomeTimeIsGone) {
  Meet(std::chrono::seconds(30), {"127.0.0.2", 1});
  const auto began = Clock::now();
  peer_->Reset();
  ExpectLost("nobody listens at 127.0.0.2:1 any more");
  EXPECT_GT(Clock::now() - began, std::chrono::milliseconds(500));
}

TEST_F(TcpLinkTest, WhatIsQueuedAtTheEndIsSentAlsoAfterAReset) {
  transport_->Send(MakeFrame(FrameType::kStop, 0, 2, 7));
  EXPECT_EQ(peer_->ReadHeader().type, FrameType::kStop);
  const std::uint16_t port = transport_->port();
  std::thread ending([this] { transport_.reset(); });
  EXPECT_EQ(peer_->ReadHeader().type, FrameType::kGoodbye);
  peer_->Reset();
  HandPeer again(port);
  EXPECT_TRUE(again.Prove(secret_, 1, 0));
  again.Resume(2, 0, 0);
  EXPECT_EQ(again.ReadHeader().type, FrameType::kStop);
  EXPECT_EQ(again.ReadHeader().type, FrameType::kGoodbye);
  again.WriteFrame(MakeFrame(FrameType::kReceived, 2, 0, 2));
  again.Close();
  ending.join();
}

// Frames both ways, of any size, while connections break at random moments.
class TcpLinkBreaks : public ::testing::TestWithParam<bool> {
 protected:
  static constexpr int kBreaks = 50;
  static constexpr std::uint64_t kAhead = 40;  // frames that a sender is ahead of its receiver

  // Sends until `over`, and says then with which step it ended.
  static void SendFrames(Transport& transport, RoleId from, RoleId to,
                         const std::atomic<std::uint64_t>& taken, const std::atomic<bool>& over) {
    std::mt19937 random(from);
    std::uint64_t step = 0;
    for (; !over; ++step) {
      while (step > taken + kAhead) std::this_thread::yield();
      const std::size_t bytes = random() % 20 == 0 ? random() % 3000000 : random() % 20000;
      transport.Send(MakeFrame(FrameType::kPush, from, to, step,
                               std::string(bytes, static_cast<char>('a' + step % 26))));
    }
    transport.Send(MakeFrame(FrameType::kWorkerDone, from, to, step));
  }

  static void TakeFrames(Mailbox& mailbox, std::atomic<std::uint64_t>& taken) {
    for (std::uint64_t step = 0;; ++step) {
      const auto frame = mailbox.Take(Patiently());
      ASSERT_TRUE(frame);
      ASSERT_EQ(frame->step, step) << TextOf(*frame).substr(0, 200);
      if (frame->type == FrameType::kWorkerDone) return;
      ASSERT_EQ(frame->type, FrameType::kPush);
      ASSERT_EQ(TextOf(*frame),
                std::string(frame->payload.size(), static_cast<char>('a' + step % 26)));
      ++taken;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(PlainAndTls, TcpLinkBreaks, ::testing::Bool());

TEST_P(TcpLinkBreaks, AtFiftyRandomMomentsLoseNoFrameAndDoubleNone) {
  const Transports transports = ConnectedTransports(LayoutOf({0, 0, 1}), GetParam());
  std::atomic<std::uint64_t> taken_here{0}, taken_there{0};
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  threads.emplace_back([&] { TakeFrames(transports[0]->mailbox(1), taken_here); });
  threads.emplace_back([&] { TakeFrames(transports[1]->mailbox(2), taken_there); });
  threads.emplace_back([&] { SendFrames(*transports[1], 2, 1, taken_here, over); });
  threads.emplace_back([&] { SendFrames(*transports[0], 1, 2, taken_there, over); });
  testing::ConnectionBreaker breaker(2028, std::chrono::milliseconds(40));
  const Deadline deadline = Patiently();
  while (breaker.broken() < kBreaks && Clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_GE(breaker.Stop(), kBreaks);
  over = true;
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace fathom
