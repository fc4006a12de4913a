#include "common/message/profile_message.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

Clock::time_point At(std::int64_t ns) { return Clock::time_point(std::chrono::nanoseconds(ns)); }

ProfileMessage MakeProfile() {
  StageRecorder recorder(2, "batch prefetch", 1);
  recorder.Record(Stage::kMakeBatch, 7, At(1000), At(4000));
  recorder.Record(Stage::kSendPull, 7, At(4000), At(4500));
  ProfileMessage message{
      .processor_seconds = 1.5,
      .clock_at_start = {.local_ns = 10, .offset_ns = -20, .round_trip_ns = 30},
      .clock_at_end = {.local_ns = 40, .offset_ns = -50, .round_trip_ns = 60},
      .traffic = {{.role = 2, .traffic = {.frames_sent = 1, .bytes_sent = 2, .bytes_received = 3}}},
      .threads = {}};
  recorder.CountKeys(99);
  message.threads.push_back(recorder.Take());
  return message;
}

TEST(ProfileMessage, RoundTrip) {
  const ProfileMessage read = DecodeProfile(EncodeProfile(MakeProfile()).bytes());
  EXPECT_EQ(read.processor_seconds, 1.5);
  EXPECT_EQ(read.clock_at_start.local_ns, 10);
  EXPECT_EQ(read.clock_at_start.offset_ns, -20);
  EXPECT_EQ(read.clock_at_start.round_trip_ns, 30);
  EXPECT_EQ(read.clock_at_end.local_ns, 40);
  EXPECT_EQ(read.clock_at_end.offset_ns, -50);
  EXPECT_EQ(read.clock_at_end.round_trip_ns, 60);
  ASSERT_EQ(read.traffic.size(), 1U);
  EXPECT_EQ(read.traffic[0].role, 2);
  EXPECT_EQ(read.traffic[0].traffic.frames_sent, 1U);
  EXPECT_EQ(read.traffic[0].traffic.bytes_sent, 2U);
  EXPECT_EQ(read.traffic[0].traffic.bytes_received, 3U);
  ASSERT_EQ(read.threads.size(), 1U);
  const ThreadProfile& thread = read.threads[0];
  EXPECT_EQ(thread.role, 2);
  EXPECT_EQ(thread.thread, "batch prefetch");
  EXPECT_EQ(thread.pulled_keys, 99U);
  EXPECT_EQ(thread.of(Stage::kMakeBatch).count(), 1U);
  EXPECT_EQ(thread.of(Stage::kMakeBatch).Quantile(0.5), 3000);
  EXPECT_EQ(thread.of(Stage::kSendPull).total_ns(), 500U);
  EXPECT_EQ(thread.first_ns, 1000);
  EXPECT_EQ(thread.last_ns, 4500);
  EXPECT_EQ(thread.dropped_events, 1U);
  ASSERT_EQ(thread.events.size(), 1U);
  EXPECT_EQ(thread.events[0].begin_ns, 1000);
  EXPECT_EQ(thread.events[0].duration_ns, 3000U);
  EXPECT_EQ(thread.events[0].step, 7U);
  EXPECT_EQ(thread.events[0].stage, Stage::kMakeBatch);
}

TEST(ProfileMessage, CutShort) {
  const Buffer whole = EncodeProfile(MakeProfile());
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{100}, whole.size() - 1}) {
    ExpectError(ExitCode::kPeer, {"control message"},
                [&] { DecodeProfile(whole.bytes().first(bytes)); });
  }
}

TEST(ProfileMessage, TrailingBytes) {
  Buffer message = EncodeProfile(MakeProfile());
  message.Resize(message.size() + 2);
  ExpectError(ExitCode::kPeer, {"2 bytes too many"}, [&] { DecodeProfile(message.bytes()); });
}

// The stage of the only event stands before the count of dropped events, which comes last.
TEST(ProfileMessage, AStageThatDoesNotExist) {
  Buffer message = EncodeProfile(MakeProfile());
  // Behind it stand dropped_events and pulled_keys.
  message.data()[message.size() - 17] = std::byte{kStages};
  ExpectError(ExitCode::kPeer, {"a stage of number"}, [&] { DecodeProfile(message.bytes()); });
}

TEST(ProfileMessage, TheSameClockIsLeftAlone) {
  const ProfileMessage message;
  EXPECT_EQ(message.OnFirstRank(12345), 12345);
}

TEST(ProfileMessage, AClockThatDrifts) {
  ProfileMessage message;
  message.clock_at_start = {.local_ns = 1000, .offset_ns = 500};
  message.clock_at_end = {.local_ns = 2000, .offset_ns = 700};
  EXPECT_EQ(message.OnFirstRank(1000), 1500);
  EXPECT_EQ(message.OnFirstRank(1500), 2100);
  EXPECT_EQ(message.OnFirstRank(2000), 2700);
}

}  // namespace
}  // namespace fathom
