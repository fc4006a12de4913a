#include "server/service/file_orders.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "common/message/failed_message.h"
#include "common/net/in_process_transport.h"
#include "server/service/streamed_output.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

constexpr std::uint64_t kStep = 7;

Deadline Patiently() { return Clock::now() + std::chrono::seconds(9); }

// The orders of one server; the test speaks for the coordinator and the worker.
class FileOrdersTest : public ::testing::Test {
 protected:
  FileOrdersTest() { config_.cluster.timeout_seconds = 0.5; }

  FileOrder Taken() {
    const auto frame = transport_.mailbox(coordinator()).Take(Patiently());
    EXPECT_TRUE(frame && frame->type == FrameType::kFileOrder && frame->step == kStep);
    return frame ? DecodeFileOrder(frame->payload.bytes()) : FileOrder();
  }
  bool HasOrder() { return transport_.mailbox(coordinator()).Take(Clock::now()).has_value(); }
  void Answer(const FileAnswer& answer) {
    Send(FrameType::kFileAnswer, coordinator(), EncodeFileAnswer(answer));
  }
  void Send(FrameType type, RoleId from, Buffer payload = {}) {
    transport_.Send({.type = type,
                     .source = from,
                     .destination = server(),
                     .step = kStep,
                     .payload = std::move(payload)});
  }
  RoleId coordinator() const { return layout_.coordinator(); }
  RoleId server() const { return layout_.server(0); }

  Config config_;
  ModelSpec spec_;
  Layout layout_ = MakeLayout({"here"}, config_.cluster);
  InProcessTransport transport_{static_cast<int>(layout_.roles.size())};
  RunContext context_{{{}, config_, spec_, layout_}, transport_};
  Peers peers_{context_, server()};
  Inbox inbox_{transport_.mailbox(server())};
  std::atomic<int> signs_of_life_ = 0;  // while it waits
  FileOrders orders_{context_, peers_, &inbox_, kStep, [this] { ++signs_of_life_; }};
};

TEST_F(FileOrdersTest, SoManyAreOnTheirWayAndNotMore) {
  for (int i = 0; i < kMaxUnanswered; ++i)
    orders_.Send({.act = FileAct::kAppend, .name = "a", .bytes = {static_cast<std::uint8_t>(i)}});
  std::thread one_more(
      [&] { orders_.Send({.act = FileAct::kAppend, .name = "a", .bytes = {99}}); });
  for (int i = 0; i < kMaxUnanswered; ++i) EXPECT_EQ(Taken().bytes.at(0), i);
  for (const auto end = Patiently(); signs_of_life_ == 0 && Clock::now() < end;)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_FALSE(HasOrder());
  Answer({.done = true, .failure = {}});
  EXPECT_EQ(Taken().bytes.at(0), 99);
  one_more.join();
  EXPECT_GT(signs_of_life_, 0);
}

TEST_F(FileOrdersTest, AskReturnsWhatTheAnswerToItSays) {
  orders_.Send({.act = FileAct::kAppend, .name = "a", .bytes = {}});
  Answer({.done = true, .failure = {}});
  Answer({.done = false, .failure = {}});
  EXPECT_FALSE(orders_.Ask({.act = FileAct::kTakeOver, .name = "b", .bytes = {}}));
  Answer({.done = true, .failure = {}});
  EXPECT_TRUE(orders_.Ask({.act = FileAct::kTakeOver, .name = "c", .bytes = {}}));
}

TEST_F(FileOrdersTest, WhatFailedIsThrownAndLeavesNoAnswerBehind) {
  orders_.Send({.act = FileAct::kCreate, .name = "a", .bytes = {}});
  orders_.Send({.act = FileAct::kAppend, .name = "a", .bytes = {}});
  Answer({.done = false, .failure = "the disk is full"});
  Answer({.done = false, .failure = "not begun"});
  Answer({.done = false, .failure = "not begun either"});
  ExpectError(ExitCode::kModel, {"the disk is full"},
              [&] { orders_.Ask({.act = FileAct::kFinish, .name = "a", .bytes = {}}); });
  ExpectError(ExitCode::kModel, {"the disk is full"},
              [&] { orders_.Send({.act = FileAct::kCreate, .name = "b", .bytes = {}}); });
  orders_.Settle();
  EXPECT_FALSE(inbox_.Take(Clock::now()).has_value());
}

TEST_F(FileOrdersTest, WhatElseComesStaysInOrder) {
  Send(FrameType::kPull, layout_.worker(0));
  Send(FrameType::kPeerLost, layout_.worker(0));
  Answer({.done = true, .failure = {}});
  Send(FrameType::kStop, coordinator());
  EXPECT_TRUE(orders_.Ask({.act = FileAct::kFinish, .name = "a", .bytes = {}}));
  for (const FrameType type : {FrameType::kPull, FrameType::kPeerLost, FrameType::kStop}) {
    const auto frame = inbox_.Take(Clock::now());
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->type, type);
  }
}

TEST_F(FileOrdersTest, ALostCoordinatorEndsIt) {
  Send(FrameType::kPeerLost, coordinator());
  ExpectError(ExitCode::kPeer, {"lost coordinator", "files of step 7"},
              [&] { orders_.Ask({.act = FileAct::kFinish, .name = "a", .bytes = {}}); });
}

TEST_F(FileOrdersTest, AFailureElsewhereEndsItInItsOwnWords) {
  Send(FrameType::kFailed, layout_.worker(0),
       EncodeFailed({static_cast<int>(ExitCode::kNumeric), "worker 0: NaN"}));
  ExpectError(ExitCode::kNumeric, {"worker 0: NaN"},
              [&] { orders_.Ask({.act = FileAct::kFinish, .name = "a", .bytes = {}}); });
}

TEST_F(FileOrdersTest, ASilentCoordinatorEndsIt) {
  const auto began = Clock::now();
  ExpectError(ExitCode::kPeer, {"has not written", "step 7"},
              [&] { orders_.Ask({.act = FileAct::kFinish, .name = "a", .bytes = {}}); });
  EXPECT_GE(Seconds(Clock::now() - began), 2 * config_.cluster.timeout_seconds);
}

// What a folder on this host would hold.
TEST_F(FileOrdersTest, AFileGoesInBlocks) {
  std::vector<FileOrder> taken;
  std::thread coordinator_thread([&] {
    while (taken.empty() || taken.back().act != FileAct::kRemove) {
      taken.push_back(Taken());
      Answer({.done = true, .failure = {}});
    }
  });
  const StreamedOutput out(&orders_);
  std::vector<std::byte> bytes(2 * kMaxOrderBytes + 5);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7 % 251);
  {
    const auto file = out.Create("rows-00.bin");
    file->Append(bytes);
    file->Finish();
  }
  const FilePiece piece{100, bytes};
  out.Overwrite("dense.bin", {&piece, 1});
  out.Remove("rows-01.bin");
  coordinator_thread.join();
  ASSERT_EQ(taken.size(), 9U);
  std::vector<std::uint8_t> appended, overwritten;
  for (const FileOrder& order : taken) {
    auto* const into = order.act == FileAct::kAppend      ? &appended
                       : order.act == FileAct::kOverwrite ? &overwritten
                                                          : nullptr;
    if (into == nullptr) continue;
    if (order.act == FileAct::kOverwrite) {
      EXPECT_EQ(order.offset, 100 + overwritten.size());
    }
    into->insert(into->end(), order.bytes.begin(), order.bytes.end());
  }
  const auto* const sent = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const std::vector<std::uint8_t> expected(sent, sent + bytes.size());
  EXPECT_EQ(appended, expected);
  EXPECT_EQ(overwritten, expected);
}

}  // namespace
}  // namespace fathom
