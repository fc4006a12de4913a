#include "common/tcp/tcp_transport.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/common/tcp/tcp_peer.h"

namespace fathom {
namespace {

// Two workers of other ranks have nothing to say to each other, and no connection.
TEST(TcpTransport, EveryRoleReachesThoseItSpeaksWith) {
  const Layout layout = LayoutOf({0, 1, 2, 3, 3});
  const auto reaches = [](const Role& from, const Role& to) {
    return from.rank == to.rank || Speak(from.kind, to.kind);
  };
  const Transports transports = ConnectedTransports(layout);
  for (const Role& from : layout.roles) {
    for (const Role& to : layout.roles) {
      if (!reaches(from, to)) continue;
      transports[static_cast<std::size_t>(from.rank)]->Send(
          MakeFrame(FrameType::kPull, from.id, to.id, from.id, "x"));
    }
  }
  for (const Role& to : layout.roles) {
    std::vector<int> heard(layout.roles.size(), 0), awaited;
    for (const Role& from : layout.roles) awaited.push_back(reaches(from, to) ? 1 : 0);
    for (int left = std::accumulate(awaited.begin(), awaited.end(), 0); left > 0; --left) {
      const auto frame =
          transports[static_cast<std::size_t>(to.rank)]->mailbox(to.id).Take(Patiently());
      ASSERT_TRUE(frame);
      ASSERT_EQ(frame->type, FrameType::kPull);
      EXPECT_EQ(frame->step, frame->source);
      ++heard[frame->source];
    }
    EXPECT_EQ(heard, awaited);
  }
}

TEST(TcpTransport, TwoRolesARankShareAConnection) {
  const Transports transports = ConnectedTransports(LayoutOf({0, 0, 1, 1}));
  transports[1]->Send(MakeFrame(FrameType::kPush, 2, 1, 1, "2 to 1"));
  transports[1]->Send(MakeFrame(FrameType::kPush, 3, 0, 2, "3 to 0"));
  transports[1]->Send(MakeFrame(FrameType::kPush, 3, 1, 3, "3 to 1"));
  EXPECT_EQ(TextOf(*transports[0]->mailbox(1).Take(Patiently())), "2 to 1");
  EXPECT_EQ(TextOf(*transports[0]->mailbox(1).Take(Patiently())), "3 to 1");
  EXPECT_EQ(TextOf(*transports[0]->mailbox(0).Take(Patiently())), "3 to 0");
}

TEST(TcpTransport, RolesOfOneRankHandFramesOverInMemory) {
  const Transports transports = ConnectedTransports(LayoutOf({0, 0, 0}));
  Frame frame = MakeFrame(FrameType::kPull, 2, 1, 5, "rows");
  const std::byte* place = frame.payload.data();
  transports[0]->Send(std::move(frame));
  EXPECT_EQ(transports[0]->mailbox(1).Take(Patiently())->payload.data(), place);
}

// Its memory is never touched.
TEST(TcpTransport, AFrameOverTheLimitIsRefusedWhereItIsSent) {
  const Transports transports = ConnectedTransports(LayoutOf({0, 0, 0}));
  Frame frame = MakeFrame(FrameType::kRows, 1, 2, 0);
  frame.payload.Resize(kMaxFrameBytes + 1);
  const Error error = ErrorOf([&] { transports[0]->Send(std::move(frame)); });
  EXPECT_EQ(error.code(), ExitCode::kTraining);
  EXPECT_NE(std::string(error.what()).find("train.batch_size"), std::string::npos) << error.what();
  EXPECT_EQ(transports[0]->traffic(1).frames_sent, 0U);
}

class TcpTransportFrames : public ::testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(PlainAndTls, TcpTransportFrames, ::testing::Bool());

TEST_P(TcpTransportFrames, LargeOnesArriveWholeAndAligned) {
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  const Transports transports = ConnectedTransports(LayoutOf({0, 0, 1}), GetParam());
  for (std::size_t size :
       {kBytes, std::size_t{1} << 20, (std::size_t{1} << 20) + 1, std::size_t{1}, std::size_t{0}}) {
    Buffer sent(size);
    for (std::size_t i = 0; i < size; ++i)
      sent.data()[i] = static_cast<std::byte>(i * 2654435761u >> 13);
    Buffer copy(size);
    if (size > 0) std::memcpy(copy.data(), sent.data(), size);
    transports[1]->Send({.type = FrameType::kPush,
                         .source = 2,
                         .destination = 1,
                         .step = 0,
                         .payload = std::move(copy)});
    const auto frame = transports[0]->mailbox(1).Take(Patiently());
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->type, FrameType::kPush);
    ASSERT_EQ(frame->payload.size(), size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frame->payload.data()) % Buffer::kAlignment, 0u);
    EXPECT_TRUE(size == 0 || std::memcmp(frame->payload.data(), sent.data(), size) == 0);
  }
}

TEST_P(TcpTransportFrames, OfManySendersAtOnceKeepTheirOrder) {
  constexpr std::uint64_t kFrames = 500;
  const Layout layout = LayoutOf({0, 0, 1, 1, 1, 2, 2});
  const Transports transports = ConnectedTransports(layout, GetParam());
  std::vector<std::thread> senders;
  for (RoleId id = 2; id < layout.roles.size(); ++id) {
    senders.emplace_back([&, id] {
      auto& transport = *transports[static_cast<std::size_t>(layout.roles[id].rank)];
      for (std::uint64_t step = 0; step < kFrames; ++step) {
        transport.Send(MakeFrame(FrameType::kPush, id, 1, step,
                                 std::string(step * 37 % 5000, static_cast<char>(id))));
      }
    });
  }
  std::vector<std::uint64_t> next(layout.roles.size(), 0);
  for (std::uint64_t i = 0; i < kFrames * senders.size(); ++i) {
    const auto frame = transports[0]->mailbox(1).Take(Patiently());
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->type, FrameType::kPush);
    ASSERT_EQ(frame->step, next[frame->source]++);
    ASSERT_EQ(TextOf(*frame),
              std::string(frame->step * 37 % 5000, static_cast<char>(frame->source)));
  }
  for (auto& sender : senders) sender.join();
}

TEST_P(TcpTransportFrames, LargeOnesBothWaysAtOnceDoNotBlockEachOther) {
  const Transports transports = ConnectedTransports(LayoutOf({0, 0, 1}), GetParam());
  const std::string text(8 << 20, 'b');
  for (int i = 0; i < 3; ++i) {
    transports[0]->Send(MakeFrame(FrameType::kRows, 1, 2, 0, text));
    transports[1]->Send(MakeFrame(FrameType::kPush, 2, 1, 0, text));
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(transports[1]->mailbox(2).Take(Patiently())->payload.size(), text.size());
    EXPECT_EQ(transports[0]->mailbox(1).Take(Patiently())->payload.size(), text.size());
  }
}

TEST(TcpTransport, CountsTrafficOfEachRole) {
  const Transports transports = ConnectedTransports(LayoutOf({0, 0, 1}));
  transports[1]->Send(MakeFrame(FrameType::kPush, 2, 1, 0, "12345"));
  transports[0]->mailbox(1).Take(Patiently());
  transports[0]->Send(MakeFrame(FrameType::kSaved, 1, 0, 0));
  EXPECT_EQ(transports[1]->traffic(2).frames_sent, 1u);
  EXPECT_EQ(transports[1]->traffic(2).bytes_sent, kFrameHeaderBytes + 5);
  EXPECT_EQ(transports[0]->traffic(1).bytes_received, kFrameHeaderBytes + 5);
  EXPECT_EQ(transports[0]->traffic(1).bytes_sent, kFrameHeaderBytes);
  EXPECT_EQ(transports[0]->traffic(0).bytes_received, kFrameHeaderBytes);
}

TEST_P(TcpTransportFrames, AreFlushedBeforeTheSenderGoes) {
  Transports transports = ConnectedTransports(LayoutOf({0, 0, 1}), GetParam());
  for (std::uint64_t step = 0; step < 100; ++step)
    transports[1]->Send(MakeFrame(FrameType::kPush, 2, 1, step, "bytes"));
  transports[1]->Flush(Patiently());
  transports[1].reset();
  for (std::uint64_t step = 0; step < 100; ++step) {
    const auto frame = transports[0]->mailbox(1).Take(Patiently());
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->type, FrameType::kPush);
    ASSERT_EQ(frame->step, step);
  }
  EXPECT_EQ(transports[0]->mailbox(1).Take(Patiently())->type, FrameType::kPeerLost);
}

TEST(TcpTransport, FlushWithADeadlineReturnsWhereThePeerReadsNothing) {
  const Layout layout = LayoutOf({0, 0, 1});
  const Secret secret = RandomSecret();
  const auto transport = MakeTransport(layout, 0, secret);
  HandPeer peer(transport->port());
  std::thread connecting([&] {
    transport->Connect({{kTestHost, transport->port()}, {kTestHost, 1}}, Patiently());
  });
  EXPECT_TRUE(peer.Prove(secret, 1, 0));
  connecting.join();
  peer.Resume(2, 0, 0);
  transport->Send(MakeFrame(FrameType::kRows, 1, 2, 0, std::string(64 << 20, 'r')));
  transport->Flush(Clock::now() + std::chrono::milliseconds(10));
  peer.Close();
  EXPECT_EQ(transport->mailbox(1).Take(Patiently())->type, FrameType::kPeerLost);
  transport->Flush(Patiently());  // nothing is left that could be sent
}

TEST_P(TcpTransportFrames, TheLastOfRanksThatStopInOrderLoseNobody) {
  const Layout layout = LayoutOf({0, 1, 2, 3});
  Transports transports = ConnectedTransports(layout, GetParam());
  // Ranks 1 and 2 are told and gone before rank 3 hears of the end.
  for (RoleId role : {1, 2}) {
    transports[0]->Send(MakeFrame(FrameType::kStop, 0, role, 0));
    EXPECT_EQ(transports[role]->mailbox(role).Take(Patiently())->type, FrameType::kStop);
    transports[role].reset();
  }
  transports[0]->Send(MakeFrame(FrameType::kStop, 0, 3, 0));
  EXPECT_EQ(transports[3]->mailbox(3).Take(Patiently())->type, FrameType::kStop);
  transports[0].reset();
  EXPECT_FALSE(transports[3]->mailbox(3).Take(Clock::now()));
}

TEST(TcpTransport, LostRankIsToldToEveryOther) {
  Transports transports = ConnectedTransports(LayoutOf({0, 1, 2}));
  transports[2].reset();
  for (RoleId role : {0, 1}) {
    const auto lost = transports[role]->mailbox(role).Take(Patiently());
    ASSERT_TRUE(lost);
    EXPECT_EQ(lost->type, FrameType::kPeerLost);
    EXPECT_EQ(lost->source, 2);
  }
  transports[0]->Send(MakeFrame(FrameType::kPull, 0, 1, 1, "the others go on"));
  EXPECT_EQ(TextOf(*transports[1]->mailbox(1).Take(Patiently())), "the others go on");
}

TEST(TcpTransport, FailureReachesThePeersBeforeTheLoss) {
  Transports transports = ConnectedTransports(LayoutOf({0, 1, 2}));
  // Rank 2 fails while the others still send to it.
  for (int i = 0; i < 50; ++i)
    transports[0]->Send(MakeFrame(FrameType::kRows, 0, 2, 0, std::string(100000, 'r')));
  for (RoleId role : {0, 1}) transports[2]->Send(MakeFrame(FrameType::kFailed, 2, role, 0, "why"));
  transports[2].reset();
  for (RoleId role : {0, 1}) {
    EXPECT_EQ(TextOf(*transports[role]->mailbox(role).Take(Patiently())), "why");
    EXPECT_EQ(transports[role]->mailbox(role).Take(Patiently())->type, FrameType::kPeerLost);
  }
}

// The handshake is in the clear, and says nothing; what follows cannot be read.
TEST(TcpTransport, WithTlsNoFrameIsReadableOnTheWay) {
  const Layout layout = LayoutOf({0, 0, 1});
  const Secret secret = RandomSecret();
  for (const bool tls : {false, true}) {
    const auto transport = MakeTransport(layout, 0, secret, tls);
    HandPeer peer(transport->port());
    std::thread connecting([&] {
      transport->Connect({{kTestHost, transport->port()}, {kTestHost, 1}}, Patiently());
    });
    EXPECT_TRUE(peer.Prove(secret, 1, 0));
    connecting.join();
    if (!tls) peer.Resume(2, 0, 0);
    // This peer holds the secret, and speaks no TLS.
    transport->Send(MakeFrame(FrameType::kRows, 1, 2, 0, "rows in the clear"));
    peer.WriteFrame(MakeFrame(FrameType::kPush, 2, 1, 0, "a push in the clear"));
    const auto frame = transport->mailbox(1).Take(Patiently());
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->type, tls ? FrameType::kPeerLost : FrameType::kPush);
    if (!tls) peer.Shutdown();  // else it was dropped already
    EXPECT_EQ(peer.ReadAll().find("rows in the clear") == std::string::npos, tls);
  }
}

}  // namespace
}  // namespace fathom
