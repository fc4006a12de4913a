#include "common/net/mailbox.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace fathom {
namespace {

using namespace std::chrono_literals;

Frame Numbered(RoleId source, std::uint64_t step) {
  return {
      .type = FrameType::kPull, .source = source, .destination = 0, .step = step, .payload = {}};
}

// So far away that only a hang reaches it.
Deadline Far() { return Clock::now() + 60s; }

TEST(Mailbox, GivesFramesInTheOrderTheyCame) {
  Mailbox mailbox;
  for (std::uint64_t step = 0; step < 5; ++step) mailbox.Put(Numbered(1, step));
  for (std::uint64_t step = 0; step < 5; ++step) EXPECT_EQ(mailbox.Take(Far())->step, step);
}

TEST(Mailbox, HandsThePayloadOverWhereItLies) {
  Mailbox mailbox;
  Frame frame = Numbered(1, 0);
  frame.payload.Resize(100);
  const std::byte* const place = frame.payload.data();
  mailbox.Put(std::move(frame));
  EXPECT_EQ(mailbox.Take(Far())->payload.data(), place);
}

TEST(Mailbox, EmptyAtTheDeadline) {
  Mailbox mailbox;
  EXPECT_FALSE(mailbox.Take(Clock::now() + 1ms).has_value());
}

TEST(Mailbox, APassedDeadlineStillGivesWhatIsThere) {
  Mailbox mailbox;
  EXPECT_FALSE(mailbox.Take(Clock::now() - 1s).has_value());
  mailbox.Put(Numbered(1, 4));
  EXPECT_EQ(mailbox.Take(Clock::now() - 1s)->step, 4U);
}

TEST(Mailbox, AFrameFromAnotherThreadWakesTheTaker) {
  Mailbox there, back;
  std::thread echo([&] {
    for (int i = 0; i < 100; ++i) back.Put(std::move(*there.Take(Far())));
  });
  for (std::uint64_t step = 0; step < 100; ++step) {
    there.Put(Numbered(1, step));
    EXPECT_EQ(back.Take(Far())->step, step);
  }
  echo.join();
}

TEST(Mailbox, FramesOfManyThreadsKeepEachSendersOrder) {
  constexpr std::uint64_t kFrames = 1000;
  constexpr RoleId kSenders = 4;
  Mailbox mailbox;
  std::vector<std::thread> senders;
  for (RoleId sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&mailbox, sender] {
      for (std::uint64_t step = 0; step < kFrames; ++step) mailbox.Put(Numbered(sender, step));
    });
  }
  std::vector<std::uint64_t> next(kSenders, 0);
  for (std::uint64_t i = 0; i < kSenders * kFrames; ++i) {
    const auto frame = mailbox.Take(Far());
    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(frame->step, next[frame->source]++);
  }
  for (std::thread& sender : senders) sender.join();
  EXPECT_FALSE(mailbox.Take(Clock::now()).has_value());
}

}  // namespace
}  // namespace fathom
