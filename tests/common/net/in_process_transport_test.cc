#include "common/net/in_process_transport.h"

#include <gtest/gtest.h>

#include <thread>

namespace fathom {
namespace {

Deadline InAMinute() { return Clock::now() + std::chrono::seconds(60); }

Frame MakeFrame(RoleId source, RoleId destination, std::uint64_t step, std::size_t bytes = 0) {
  return {.type = FrameType::kPush,
          .source = source,
          .destination = destination,
          .step = step,
          .payload = Buffer(bytes)};
}

TEST(InProcessTransport, HandsOverTheSameBytes) {
  InProcessTransport transport(2);
  Frame frame = MakeFrame(0, 1, 7, 100);
  const std::byte* place = frame.payload.data();
  transport.Send(std::move(frame));
  const auto taken = transport.mailbox(1).Take(InAMinute());
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->payload.data(), place);
  EXPECT_EQ(taken->step, 7u);
  EXPECT_EQ(taken->source, 0);
}

TEST(InProcessTransport, EveryRoleHasItsOwnMailbox) {
  InProcessTransport transport(3);
  transport.Send(MakeFrame(0, 2, 1));
  EXPECT_FALSE(transport.mailbox(0).Take(Clock::now()));
  EXPECT_FALSE(transport.mailbox(1).Take(Clock::now()));
  EXPECT_TRUE(transport.mailbox(2).Take(Clock::now()));
}

TEST(InProcessTransport, ARoleMayWriteToItself) {
  InProcessTransport transport(1);
  transport.Send(MakeFrame(0, 0, 5));
  EXPECT_EQ(transport.mailbox(0).Take(InAMinute())->step, 5u);
}

TEST(InProcessTransport, KeepsTheOrderOfEachSender) {
  constexpr int kSenders = 4;
  constexpr std::uint64_t kFrames = 2000;
  InProcessTransport transport(kSenders + 1);
  std::vector<std::thread> threads;
  for (RoleId sender = 1; sender <= kSenders; ++sender) {
    threads.emplace_back([&transport, sender] {
      for (std::uint64_t step = 0; step < kFrames; ++step)
        transport.Send(MakeFrame(sender, 0, step));
    });
  }
  std::vector<std::uint64_t> next(kSenders + 1, 0);
  for (std::uint64_t i = 0; i < kSenders * kFrames; ++i) {
    const auto frame = transport.mailbox(0).Take(InAMinute());
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->step, next[frame->source]++);
  }
  for (auto& thread : threads) thread.join();
}

TEST(InProcessTransport, CountsFramesAndBytesWithHeaders) {
  InProcessTransport transport(2);
  transport.Send(MakeFrame(0, 1, 0, 10));
  transport.Send(MakeFrame(0, 1, 1, 0));
  EXPECT_EQ(transport.traffic(0).frames_sent, 2u);
  EXPECT_EQ(transport.traffic(0).bytes_sent, 2 * kFrameHeaderBytes + 10);
  EXPECT_EQ(transport.traffic(0).bytes_received, 0u);
  EXPECT_EQ(transport.traffic(1).frames_sent, 0u);
  EXPECT_EQ(transport.traffic(1).bytes_received, 2 * kFrameHeaderBytes + 10);
}

}  // namespace
}  // namespace fathom
