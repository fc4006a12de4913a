// What a rank that has proved itself may not send, and how its end is told.
#include "common/tcp/tcp_connection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "tests/common/tcp/tcp_peer.h"

namespace fathom {
namespace {

// Rank 0 plays the coordinator and the server, rank 1, driven by hand, two workers.
class TcpConnectionTest : public ::testing::Test {
 protected:
  void SetUp() override { MeetAgain(std::chrono::seconds(30)); }

  // The peer is given up when it says nothing for `timeout`.
  void MeetAgain(std::chrono::milliseconds timeout) {
    peer_.reset();
    transport_ = std::make_unique<TcpTransport>(layout_, 0, secret_, kTestHost, timeout);
    peer_ = std::make_unique<HandPeer>(transport_->port());
    std::thread connecting([this] {
      transport_->Connect({{kTestHost, transport_->port()}, {kTestHost, 1}}, Patiently());
    });
    EXPECT_TRUE(peer_->Prove(secret_, 1, 0));
    connecting.join();
    EXPECT_EQ(peer_->Resume(2, 0, 0), 0U);
  }

  // Each role here hears, once, that each role there is lost, and why; then nothing more.
  void ExpectLost(const std::string& reason) {
    for (RoleId here : {0, 1}) {
      for (RoleId there : {2, 3}) {
        const auto lost = transport_->mailbox(here).Take(Patiently());
        ASSERT_TRUE(lost);
        EXPECT_EQ(lost->type, FrameType::kPeerLost);
        EXPECT_EQ(lost->source, there);
        EXPECT_EQ(lost->destination, here);
        EXPECT_NE(TextOf(*lost).find(reason), std::string::npos) << TextOf(*lost);
      }
    }
    transport_->Send(MakeFrame(FrameType::kRows, 1, 2, 0, "to nobody"));
    transport_->Flush(Patiently());
    EXPECT_FALSE(transport_->mailbox(0).Take(Clock::now()));
    EXPECT_FALSE(transport_->mailbox(1).Take(Clock::now()));
  }

  void WriteAltered(const Frame& frame, std::size_t at, std::byte mask) {
    std::vector<std::byte> bytes(kFrameHeaderBytes + frame.payload.size());
    EncodeHeader(frame, std::span(bytes).first<kFrameHeaderBytes>());
    std::copy_n(frame.payload.data(), frame.payload.size(), bytes.begin() + kFrameHeaderBytes);
    bytes[at] ^= mask;
    peer_->Write(bytes);
  }

  const Layout layout_ = LayoutOf({0, 0, 1, 1});
  const Secret secret_ = RandomSecret();
  std::unique_ptr<TcpTransport> transport_;
  std::unique_ptr<HandPeer> peer_;
};

TEST_F(TcpConnectionTest, GoodFrame) {
  peer_->WriteFrame(MakeFrame(FrameType::kPull, 3, 1, 4, "rows, please"));
  const auto frame = transport_->mailbox(1).Take(Patiently());
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->source, 3);
  EXPECT_EQ(frame->step, 4u);
  EXPECT_EQ(TextOf(*frame), "rows, please");
}

TEST_F(TcpConnectionTest, AlteredChecksum) {
  WriteAltered(MakeFrame(FrameType::kPush, 2, 1, 0, "gradients"), kFrameHeaderBytes - 1,
               std::byte{1});
  ExpectLost("checksum");
}

TEST_F(TcpConnectionTest, AlteredPayload) {
  WriteAltered(MakeFrame(FrameType::kPush, 2, 1, 0, "gradients"), kFrameHeaderBytes + 3,
               std::byte{0x10});
  ExpectLost("checksum");
}

TEST_F(TcpConnectionTest, WrongMagic) {
  WriteAltered(MakeFrame(FrameType::kPush, 2, 1, 0), 0, std::byte{1});
  ExpectLost("magic");
}

TEST_F(TcpConnectionTest, TooLongFrame) {
  // The highest byte of payload_bytes.
  WriteAltered(MakeFrame(FrameType::kPush, 2, 1, 0), 31, std::byte{0x40});
  ExpectLost("the limit is");
}

TEST_F(TcpConnectionTest, UnknownType) {
  WriteAltered(MakeFrame(FrameType::kPush, 2, 1, 0), 6, std::byte{0x40});
  ExpectLost("unknown type");
}

TEST_F(TcpConnectionTest, SourceOfAnotherRank) {
  peer_->WriteFrame(MakeFrame(FrameType::kStop, 0, 1, 0));
  ExpectLost("not theirs");
}

TEST_F(TcpConnectionTest, SourceThatNobodyPlays) {
  peer_->WriteFrame(MakeFrame(FrameType::kPush, 4, 1, 0));
  ExpectLost("not theirs");
}

TEST_F(TcpConnectionTest, DestinationOfAnotherRank) {
  peer_->WriteFrame(MakeFrame(FrameType::kPush, 2, 3, 0));
  ExpectLost("not theirs");
}

TEST_F(TcpConnectionTest, HandshakeAfterTheHandshake) {
  peer_->WriteFrame(MakeFrame(FrameType::kHandshake, 2, 1, 1));
  ExpectLost("after the handshake");
}

TEST_F(TcpConnectionTest, NoteWithAPayload) {
  peer_->WriteFrame(MakeFrame(FrameType::kBeat, 2, 0, 0, "tick"));
  ExpectLost("with a payload of 4 bytes");
}

TEST_F(TcpConnectionTest, FrameAfterGoodbye) {
  peer_->WriteFrame(MakeFrame(FrameType::kGoodbye, 2, 0, 0));
  peer_->WriteFrame(MakeFrame(FrameType::kPush, 2, 1, 0));
  ExpectLost("after its goodbye");
}

TEST_F(TcpConnectionTest, BadFrameAfterGoodOnes) {
  peer_->WriteFrame(MakeFrame(FrameType::kPush, 2, 0, 1));
  peer_->WriteFrame(MakeFrame(FrameType::kPush, 2, 1, 1));
  peer_->Write("not a frame at all, but forty bytes and more");
  for (RoleId here : {0, 1})
    EXPECT_EQ(transport_->mailbox(here).Take(Patiently())->type, FrameType::kPush);
  ExpectLost("is no frame");
}

// The peer writes until the kernels' buffers are full, some megabytes, and nobody takes from them:
// until not a byte has gone for a second, or all are written.
TEST_F(TcpConnectionTest, APeerWhoseFramesNobodyTakesIsNotReadAnyFurther) {
  constexpr std::size_t kFrameBytes = std::size_t{32} << 20;
  constexpr std::size_t kFrames = 20;
  constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
  static_assert(kFrames * kFrameBytes > 2 * kMaxWaitingBytes);
  const std::string text(kFrameBytes, 'x');
  std::atomic<std::size_t> written{0};
  std::thread writing([&] {
    for (std::size_t i = 0; i < kFrames; ++i) {
      std::array<std::byte, kFrameHeaderBytes> header;
      const Frame frame = MakeFrame(FrameType::kPush, 2, 1, i, text);
      EncodeHeader(frame, header);
      peer_->Write(header);
      for (auto left = frame.payload.bytes(); !left.empty();) {
        const auto piece = left.first(std::min(kPieceBytes, left.size()));
        peer_->Write(piece);
        written += piece.size();
        left = left.subspan(piece.size());
      }
    }
  });
  const Deadline deadline = Patiently();
  for (std::size_t before = 0;; before = written) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const bool full = written > kMaxWaitingBytes && written == before;
    if (full || written == kFrames * kFrameBytes || Clock::now() > deadline) break;
  }
  EXPECT_GT(written, kMaxWaitingBytes) << "the peer was not even read that far";
  EXPECT_LT(written, kMaxWaitingBytes + 3 * kFrameBytes) << "it is read although nobody takes";
  // Each frame that is taken makes room for the next.
  for (std::size_t i = 0; i < kFrames; ++i) {
    const auto frame = transport_->mailbox(1).Take(Patiently());
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->type, FrameType::kPush);
    ASSERT_EQ(frame->step, i);
  }
  writing.join();
}

// As of a process that is stopped: its kernel still takes what comes.
TEST_F(TcpConnectionTest, PeerThatSaysNothing) {
  MeetAgain(std::chrono::milliseconds(300));
  ExpectLost("it said nothing for 0.");
}

TEST_F(TcpConnectionTest, PeerThatOnlyBeatsIsNotLost) {
  MeetAgain(std::chrono::milliseconds(300));
  for (int i = 0; i < 20; ++i) {
    peer_->WriteFrame(MakeFrame(FrameType::kBeat, 2, 0, 0));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  peer_->WriteFrame(MakeFrame(FrameType::kPush, 2, 1, 7));
  const auto frame = transport_->mailbox(1).Take(Patiently());
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->type, FrameType::kPush);
}

// So that the peer does not take this side for dead either.
TEST_F(TcpConnectionTest, BeatsWhileItHasNothingElseToSay) {
  MeetAgain(std::chrono::seconds(2));
  EXPECT_EQ(peer_->ReadHeader().type, FrameType::kBeat);
  const auto began = Clock::now();
  for (int beats = 0; beats < 3; ++beats) {
    peer_->WriteFrame(MakeFrame(FrameType::kBeat, 2, 0, 0));
    EXPECT_EQ(peer_->ReadHeader().type, FrameType::kBeat);
  }
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(2));  // five in a timeout
}

TEST_F(TcpConnectionTest, PeerThatVanishesBetweenFrames) {
  peer_->Close();
  ExpectLost("before the end of the run");
}

TEST_F(TcpConnectionTest, PeerThatVanishesInAHeader) {
  peer_->Write("FTHM");
  peer_->Close();
  ExpectLost("in the middle of a frame");
}

TEST_F(TcpConnectionTest, PeerThatVanishesInAPayload) {
  std::array<std::byte, kFrameHeaderBytes> header;
  EncodeHeader(MakeFrame(FrameType::kPush, 2, 1, 0, std::string(3 << 20, 'x')), header);
  peer_->Write(header);
  peer_->Write(std::string(2 << 20, 'x'));
  peer_->Close();
  ExpectLost("in the middle of a frame");
}

TEST_F(TcpConnectionTest, ResetOfAProcessThatIsGone) {
  peer_->Reset();
  ExpectLost(
      "the connection broke: Connection reset by peer; nobody listens at 127.0.0.1:1 any more");
}

TEST_F(TcpConnectionTest, PeerThatLeavesIsLostAtOnce) {
  peer_->WriteFrame(MakeFrame(FrameType::kLeft, 2, 0, 0));
  ExpectLost("before the end of the run");
}

TEST_F(TcpConnectionTest, EndAfterGoodbyeIsNoLoss) {
  peer_->WriteFrame(MakeFrame(FrameType::kWorkerDone, 2, 0, 1));
  peer_->WriteFrame(MakeFrame(FrameType::kGoodbye, 2, 0, 0));
  peer_->Shutdown();
  peer_->ReadAll();  // until rank 0 has ended its side too
  EXPECT_EQ(transport_->mailbox(0).Take(Patiently())->type, FrameType::kWorkerDone);
  EXPECT_FALSE(transport_->mailbox(0).Take(Clock::now()));
  EXPECT_FALSE(transport_->mailbox(1).Take(Clock::now()));
}

TEST_F(TcpConnectionTest, EndAfterStopIsNoLoss) {
  transport_->Send(MakeFrame(FrameType::kStop, 0, 2, 0));
  transport_->Flush(Patiently());
  peer_->Shutdown();
  peer_->ReadAll();
  EXPECT_FALSE(transport_->mailbox(0).Take(Clock::now()));
  EXPECT_FALSE(transport_->mailbox(1).Take(Clock::now()));
}

TEST_F(TcpConnectionTest, DestructorSendsWhatIsQueuedAndSaysGoodbye) {
  transport_->Send(MakeFrame(FrameType::kStop, 0, 2, 7, std::string(100, 's')));
  std::string text;
  std::thread reading([&] {
    text = peer_->ReadAll();
    peer_->Close();
  });
  transport_.reset();
  reading.join();
  ASSERT_EQ(text.size(), 2 * kFrameHeaderBytes + 100);
  const auto bytes = std::as_bytes(std::span(text));
  EXPECT_EQ(DecodeHeader(bytes.first<kFrameHeaderBytes>()).type, FrameType::kStop);
  EXPECT_EQ(DecodeHeader(bytes.last<kFrameHeaderBytes>()).type, FrameType::kGoodbye);
}

// More than the kernels' buffers hold.
TEST_F(TcpConnectionTest, DestructorWaitsUntilAQueueOfManyMegabytesIsSent) {
  constexpr std::size_t kFrames = 6, kBytes = std::size_t{4} << 20;
  for (std::size_t i = 0; i < kFrames; ++i)
    transport_->Send(MakeFrame(FrameType::kRows, 0, 2, i, std::string(kBytes, 'r')));
  transport_->Send(MakeFrame(FrameType::kStop, 0, 2, 0));
  std::string text;
  std::thread reading([&] {
    text = peer_->ReadAll();
    peer_->Close();
  });
  transport_.reset();
  reading.join();
  EXPECT_EQ(text.size(), kFrames * (kFrameHeaderBytes + kBytes) + 2 * kFrameHeaderBytes);
}

TEST_F(TcpConnectionTest, DestructorOfARunThatFailedSaysThatItLeaves) {
  transport_->Send(MakeFrame(FrameType::kFailed, 0, 2, 7));
  std::string text;
  std::thread reading([&] {
    text = peer_->ReadAll();
    peer_->Close();
  });
  transport_.reset();
  reading.join();
  ASSERT_EQ(text.size(), 2 * kFrameHeaderBytes);
  const auto bytes = std::as_bytes(std::span(text));
  EXPECT_EQ(DecodeHeader(bytes.first<kFrameHeaderBytes>()).type, FrameType::kFailed);
  EXPECT_EQ(DecodeHeader(bytes.last<kFrameHeaderBytes>()).type, FrameType::kLeft);
}

}  // namespace
}  // namespace fathom
