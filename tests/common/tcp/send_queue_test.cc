#include "common/tcp/send_queue.h"

#include <gtest/gtest.h>

#include "tests/common/tcp/tcp_peer.h"

namespace fathom {
namespace {

class SendQueueTest : public ::testing::Test {
 protected:
  void Push(std::uint64_t step) {
    queue_.Push(MakeOutgoing(MakeFrame(FrameType::kPush, 2, 1, step, "gradients")));
  }

  std::vector<std::uint64_t> Taken(std::size_t most) {
    std::vector<KeptFrame> frames;
    queue_.TakeUnwritten(most, &frames);
    std::vector<std::uint64_t> steps;
    for (const KeptFrame& frame : frames) steps.push_back(DecodeHeader(frame->header).step);
    return steps;
  }

  SendQueue queue_;
};

using Steps = std::vector<std::uint64_t>;

TEST_F(SendQueueTest, FramesAreTakenInOrderAndOnce) {
  for (std::uint64_t step = 1; step <= 5; ++step) Push(step);
  EXPECT_EQ(Taken(3), (Steps{1, 2, 3}));
  EXPECT_FALSE(queue_.all_written());
  EXPECT_EQ(Taken(3), (Steps{4, 5}));
  EXPECT_TRUE(queue_.all_written());
  EXPECT_EQ(Taken(3), Steps{});
}

TEST_F(SendQueueTest, ResumeWritesAgainWhatTheOtherDoesNotHave) {
  for (std::uint64_t step = 1; step <= 5; ++step) Push(step);
  Taken(4);
  EXPECT_EQ(queue_.Resume(2).size(), 2U);
  EXPECT_EQ(Taken(9), (Steps{3, 4, 5}));
  EXPECT_EQ(queue_.Resume(2).size(), 0U);
  EXPECT_EQ(Taken(9), (Steps{3, 4, 5}));
  EXPECT_EQ(queue_.Resume(5).size(), 3U);
  EXPECT_EQ(Taken(9), Steps{});
  EXPECT_TRUE(queue_.all_acknowledged());
}

TEST_F(SendQueueTest, APayloadIsNotCopied) {
  Frame frame = MakeFrame(FrameType::kPush, 2, 1, 0, "gradients");
  const std::byte* place = frame.payload.data();
  queue_.Push(MakeOutgoing(std::move(frame)));
  std::vector<KeptFrame> frames;
  queue_.TakeUnwritten(1, &frames);
  EXPECT_EQ(frames.front()->payload.data(), place);
}

// Whoever writes a frame may go on doing so when it is acknowledged.
TEST_F(SendQueueTest, AFrameBeingWrittenOutlivesItsAcknowledgement) {
  Push(7);
  std::vector<KeptFrame> frames;
  queue_.TakeUnwritten(1, &frames);
  queue_.Acknowledge(1);
  EXPECT_EQ(DecodeHeader(frames.front()->header).step, 7U);
}

TEST_F(SendQueueTest, ANumberThatWasNeverWritten) {
  Push(1);
  Push(2);
  Taken(1);
  const Error error = ErrorOf([&] { queue_.Acknowledge(2); });
  EXPECT_EQ(error.code(), ExitCode::kPeer);
  EXPECT_STREQ(error.what(), "it says that it has received 2 frames, but only 1 were sent to it");
  EXPECT_EQ(ErrorOf([&] { queue_.Resume(~std::uint64_t{0}); }).code(), ExitCode::kPeer);
  EXPECT_EQ(Taken(9), Steps{2});
}

TEST_F(SendQueueTest, ANumberThatIsKeptNoLonger) {
  for (std::uint64_t step = 1; step <= 3; ++step) Push(step);
  Taken(3);
  queue_.Acknowledge(2);
  const Error error = ErrorOf([&] { queue_.Resume(1); });
  EXPECT_EQ(error.code(), ExitCode::kPeer);
  EXPECT_NE(std::string(error.what()).find("kept no longer"), std::string::npos) << error.what();
}

// The payloads' memory is never touched but to be read.
TEST_F(SendQueueTest, NothingMoreIsWrittenWhileTooMuchIsUnacknowledged) {
  constexpr std::size_t kFrameBytes = std::size_t{32} << 20;
  constexpr std::size_t kFrames = kMaxUnacknowledgedBytes / kFrameBytes + 4;
  for (std::size_t i = 0; i < kFrames; ++i) {
    queue_.Push(MakeOutgoing({.type = FrameType::kPush,
                              .source = 2,
                              .destination = 1,
                              .step = i,
                              .payload = Buffer(kFrameBytes),
                              .arrived = {},
                              .held = {}}));
  }
  const std::size_t first = Taken(100).size();
  EXPECT_LT(first, kFrames);
  const std::uint64_t bytes = first * (kFrameBytes + kFrameHeaderBytes);
  EXPECT_GT(bytes, kMaxUnacknowledgedBytes);
  EXPECT_LE(bytes, kMaxUnacknowledgedBytes + kFrameBytes + kFrameHeaderBytes);
  EXPECT_EQ(Taken(100), Steps{});
  queue_.Acknowledge(2);
  EXPECT_EQ(Taken(100).size(), 2U);
  queue_.Acknowledge(queue_.written());
  EXPECT_EQ(Taken(100).size(), kFrames - first - 2);
  EXPECT_TRUE(queue_.all_written());
}

}  // namespace
}  // namespace fathom
