// A worker's client with two servers and a coordinator for whom the test speaks.
#include "worker/train/row_client.h"

#include <gtest/gtest.h>

#include <cstring>

#include "common/message/failed_message.h"
#include "common/message/pull_message.h"
#include "common/model/dense_range.h"
#include "common/net/frame.h"
#include "common/net/in_process_transport.h"
#include "common/net/payload.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

constexpr int kServers = 2;
constexpr std::size_t kDenseFloats = 48;  // 32 of server 0, 16 of server 1, or the other way round

class RowClientTest : public ::testing::Test {
 protected:
  RowClientTest() {
    spec_.tables = {{.name = "wide", .wide = true},
                    {.name = "wide_deep2", .wide = true, .dim = 2},
                    {.name = "deep3", .dim = 3}};
    spec_.dense_floats = kDenseFloats;
    config_.cluster.timeout_seconds = 60;
  }

  // Of the first table both servers own keys, of the second only server 1, of the third only 0.
  static Batch MakeBatch(std::uint64_t step, bool will_push = true, bool wants_dense = true) {
    Batch batch;
    batch.step = step;
    batch.will_push = will_push;
    batch.wants_dense = wants_dense;
    batch.tables.resize(3);
    batch.tables[0].keys = {1, 2, Upper(1)};
    batch.tables[1].keys = {Upper(2), Upper(3)};
    batch.tables[2].keys = {3};
    return batch;
  }
  // A key of a partition of server 1.
  static Key Upper(Key key) { return ~Key{0} - 100 + key; }

  // Rows of values that tell where they came from: from + 0, 1, ...
  struct Answer {
    bool will_push = true;
    std::size_t dense = 0;
    std::vector<std::size_t> rows;  // by table
    std::uint64_t has_row = 0;      // of an answer to score with
  };
  Buffer Encode(const Answer& answer, float from) const {
    PayloadWriter writer;
    const auto put = [&](std::size_t count) {
      for (float& value : writer.Array<float>(count)) value = from++;
    };
    writer.Put<std::uint64_t>(answer.will_push ? 1 : 0);
    writer.Put<std::uint64_t>(answer.dense);
    put(answer.dense);
    for (std::size_t t = 0; t < answer.rows.size(); ++t) {
      writer.Put<std::uint64_t>(answer.rows[t]);
      if (spec_.tables[t].wide) put(answer.rows[t]);
      if (spec_.tables[t].dim > 0)
        put(answer.rows[t] * static_cast<std::size_t>(spec_.tables[t].dim));
      if (answer.will_push) continue;
      for (std::uint64_t& word : writer.Array<std::uint64_t>((answer.rows[t] + 63) / 64))
        word = answer.has_row;
    }
    return writer.Take();
  }
  static std::size_t DenseOf(int server) {
    const auto [begin, end] = DenseRange(kDenseFloats, server, kServers);
    return end - begin;
  }
  static Answer RightAnswer(int server) {
    return {.dense = DenseOf(server),
            .rows = server == 0 ? std::vector<std::size_t>{2, 0, 1}
                                : std::vector<std::size_t>{1, 2, 0}};
  }

  void Send(FrameType type, RoleId from, std::uint64_t step, Buffer payload = {}) {
    transport_.Send({.type = type,
                     .source = from,
                     .destination = layout_.worker(0),
                     .step = step,
                     .payload = std::move(payload)});
  }
  void SendRows(int server, std::uint64_t step, const Answer& answer, float from = 0) {
    Send(FrameType::kRows, layout_.server(server), step, Encode(answer, from));
  }
  void ExpectRefused(const Batch& batch, std::initializer_list<const char*> words) {
    ExpectError(ExitCode::kPeer, words, [&] { client_.Await(batch, &rows_); });
  }

  static std::vector<float> Plain(std::span<const float> values) {
    return {values.begin(), values.end()};
  }

  Config config_;
  ModelSpec spec_;
  Layout layout_ = MakeLayout({"node-a"}, {.servers = kServers, .workers = 1});
  InProcessTransport transport_{static_cast<int>(layout_.roles.size())};
  RunContext context_{{{}, config_, spec_, layout_}, transport_};
  RowClient client_{context_, 0};
  PulledRows rows_;
};

TEST_F(RowClientTest, AsksEachServerForItsKeysAndNothingElse) {
  Batch batch = MakeBatch(7, true, false);
  client_.Pull(&batch);
  for (int s = 0; s < kServers; ++s) {
    const auto frame = transport_.mailbox(layout_.server(s)).Take(Clock::now());
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->type, FrameType::kPull);
    EXPECT_EQ(frame->source, layout_.worker(0));
    EXPECT_EQ(frame->step, 7U);
    const PullMessage pull = DecodePull(frame->payload.bytes(), 3, Partitions(), s, kServers);
    EXPECT_TRUE(pull.will_push);
    EXPECT_FALSE(pull.wants_dense);
    for (std::size_t t = 0; t < 3; ++t) {
      std::vector<Key> expected;
      for (const Key key : batch.tables[t].keys) {
        if ((key > 100) == (s == 1)) expected.push_back(key);
      }
      EXPECT_EQ(std::vector<Key>(pull.keys[t].begin(), pull.keys[t].end()), expected);
    }
  }
}

TEST_F(RowClientTest, PutsEachServersRowsInTheirPlaceInWhateverOrderTheyCome) {
  Batch batch = MakeBatch(7);
  client_.Pull(&batch);
  SendRows(1, 7, RightAnswer(1), 1000);
  Send(FrameType::kAlive, layout_.server(0), 0);
  SendRows(0, 7, RightAnswer(0), 100);
  client_.Await(batch, &rows_);
  std::vector<float> dense;
  for (std::size_t i = 0; i < DenseOf(0); ++i) dense.push_back(100 + static_cast<float>(i));
  for (std::size_t i = 0; i < DenseOf(1); ++i) dense.push_back(1000 + static_cast<float>(i));
  EXPECT_EQ(Plain(rows_.dense), dense);
  const float after_0 = 100 + static_cast<float>(DenseOf(0));
  const float after_1 = 1000 + static_cast<float>(DenseOf(1));
  ASSERT_EQ(rows_.tables.size(), 3U);
  EXPECT_EQ(Plain(rows_.tables[0].wide), (std::vector{after_0, after_0 + 1, after_1}));
  EXPECT_EQ(Plain(rows_.tables[1].wide), (std::vector{after_1 + 1, after_1 + 2}));
  EXPECT_EQ(Plain(rows_.tables[1].deep),
            (std::vector{after_1 + 3, after_1 + 4, after_1 + 5, after_1 + 6}));
  EXPECT_EQ(Plain(rows_.tables[2].deep), (std::vector{after_0 + 2, after_0 + 3, after_0 + 4}));
}

TEST_F(RowClientTest, DenseParametersThatWereNotAskedForStay) {
  Batch batch = MakeBatch(7, true, false);
  client_.Pull(&batch);
  rows_.pulled_dense.assign(kDenseFloats, 5);
  for (int s = 0; s < kServers; ++s) {
    Answer answer = RightAnswer(s);
    answer.dense = 0;
    SendRows(s, 7, answer);
  }
  client_.Await(batch, &rows_);
  EXPECT_EQ(Plain(rows_.dense), std::vector<float>(kDenseFloats, 5));
}

// The pull of the next batch, and of an evaluation of the same version, may be answered first.
TEST_F(RowClientTest, AnswersToOtherPullsWaitForTheirTurn) {
  Batch batch = MakeBatch(7), next = MakeBatch(8), evaluation = MakeBatch(7, false);
  for (Batch* each : {&batch, &next, &evaluation}) client_.Pull(each);
  float from = 0;
  for (int s = 0; s < kServers; ++s) {
    Answer scored = RightAnswer(s);
    scored.will_push = false;
    SendRows(s, 8, RightAnswer(s), from + 100);
    SendRows(s, 7, scored, from + 200);
    SendRows(s, 7, RightAnswer(s), from + 300);
    from += 1000;
  }
  client_.Await(batch, &rows_);
  EXPECT_EQ(rows_.dense[0], 300);
  EXPECT_EQ(rows_.dense[DenseOf(0)], 1300);
  client_.Await(evaluation, &rows_);
  EXPECT_EQ(rows_.dense[0], 200);
  EXPECT_EQ(rows_.dense[DenseOf(0)], 1200);
  client_.Await(next, &rows_);
  EXPECT_EQ(rows_.dense[0], 100);
  EXPECT_EQ(rows_.dense[DenseOf(0)], 1100);
}

TEST_F(RowClientTest, AnswersToScoreWithSayWhichKeysHaveARow) {
  Batch batch = MakeBatch(7, false);
  client_.Pull(&batch);
  for (int s = 0; s < kServers; ++s) {
    Answer answer = RightAnswer(s);
    answer.will_push = false;
    answer.has_row = s == 0 ? 2 : 1;
    SendRows(s, 7, answer);
  }
  client_.Await(batch, &rows_);
  EXPECT_EQ(rows_.tables[0].has_row, (std::vector<std::uint8_t>{0, 1, 1}));
  EXPECT_EQ(rows_.tables[1].has_row, (std::vector<std::uint8_t>{1, 0}));
  EXPECT_EQ(rows_.tables[2].has_row, std::vector<std::uint8_t>{0});
}

TEST_F(RowClientTest, AnAnswerOfOtherRowsThanItWasAskedFor) {
  for (std::size_t t = 0; t < 3; ++t) {
    for (const std::size_t change : {std::size_t{1}, ~std::size_t{0}}) {
      Answer answer = RightAnswer(1);
      if (answer.rows[t] + change > 3) continue;  // none fewer than none
      answer.rows[t] += change;
      Batch batch = MakeBatch(7);
      client_.Pull(&batch);
      SendRows(1, 7, answer);
      ExpectRefused(batch, {"server 1", "step 7", "other rows than it was asked for"});
    }
  }
}

TEST_F(RowClientTest, AnAnswerOfOtherDenseParametersThanItWasAskedFor) {
  for (const bool wants : {true, false}) {
    for (const std::size_t dense : {std::size_t{0}, DenseOf(0), DenseOf(0) + 16}) {
      if (dense == (wants ? DenseOf(0) : 0)) continue;
      Answer answer = RightAnswer(0);
      answer.dense = dense;
      Batch batch = MakeBatch(7, true, wants);
      client_.Pull(&batch);
      SendRows(0, 7, answer);
      ExpectRefused(batch, {"server 0", "step 7", "other rows than it was asked for"});
    }
  }
}

TEST_F(RowClientTest, AServerThatAnswersTwice) {
  Batch batch = MakeBatch(7);
  client_.Pull(&batch);
  SendRows(0, 7, RightAnswer(0));
  SendRows(0, 7, RightAnswer(0));
  ExpectRefused(batch, {"server 0", "step 7", "nobody asked"});
}

TEST_F(RowClientTest, RowsFromTheCoordinator) {
  Batch batch = MakeBatch(7);
  client_.Pull(&batch);
  Send(FrameType::kRows, layout_.coordinator(), 7, Encode(RightAnswer(0), 0));
  ExpectRefused(batch, {"coordinator", "nobody asked"});
}

TEST_F(RowClientTest, RowsThatNobodyTakesDoNotPileUp) {
  Batch batch = MakeBatch(7);
  client_.Pull(&batch);
  for (std::uint64_t step = 100; step < 200; ++step) SendRows(0, step, RightAnswer(0));
  ExpectRefused(batch, {"rows", "step 106", "server 0", "makes no sense"});
}

TEST_F(RowClientTest, ASilentServerIsNamedAndOneThatAnsweredIsNot) {
  config_.cluster.timeout_seconds = 0.1;
  Batch batch = MakeBatch(7);
  client_.Pull(&batch);
  SendRows(0, 7, RightAnswer(0));
  ExpectRefused(batch, {"rows of step 7 from server 1", "cluster.timeout_seconds = 0.1"});
}

TEST_F(RowClientTest, ALostServerIsNamedWithTheReason) {
  const std::string reason = "connection reset";
  Buffer payload(reason.size());
  std::memcpy(payload.data(), reason.data(), reason.size());
  Batch batch = MakeBatch(7);
  client_.Pull(&batch);
  Send(FrameType::kPeerLost, layout_.server(1), 0, std::move(payload));
  ExpectRefused(batch, {"lost server 1", "rows of step 7", "connection reset"});
}

TEST_F(RowClientTest, AFailureIsPassedOnAsItIs) {
  Batch batch = MakeBatch(7);
  client_.Pull(&batch);
  Send(FrameType::kFailed, layout_.server(1), 0,
       EncodeFailed({static_cast<int>(ExitCode::kNumeric), "step 6: it is nan"}));
  ExpectError(ExitCode::kNumeric, {"step 6: it is nan"}, [&] { client_.Await(batch, &rows_); });
}

TEST_F(RowClientTest, AStopEndsEveryWait) {
  Batch batch = MakeBatch(7);
  client_.Pull(&batch);
  Send(FrameType::kStop, layout_.coordinator(), 7);
  EXPECT_THROW(client_.Await(batch, &rows_), RunStopped);
  Send(FrameType::kStop, layout_.coordinator(), 7);
  EXPECT_THROW(client_.TakeOrder(true), RunStopped);
}

TEST_F(RowClientTest, OrdersAreTakenInTheirOrderAlsoIfTheyCameWhileRowsWereAwaited) {
  EXPECT_EQ(client_.TakeOrder(false), std::nullopt);
  client_.AskForOrder();
  const auto asked = transport_.mailbox(layout_.coordinator()).Take(Clock::now());
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->type, FrameType::kNextOrder);
  EXPECT_EQ(asked->source, layout_.worker(0));
  Batch batch = MakeBatch(7);
  client_.Pull(&batch);
  Send(FrameType::kOrder, layout_.coordinator(), 8, EncodeOrder(OrderKind::kTrain));
  Send(FrameType::kOrder, layout_.coordinator(), 9, EncodeOrder(OrderKind::kEvaluate));
  for (int s = 0; s < kServers; ++s) SendRows(s, 7, RightAnswer(s));
  client_.Await(batch, &rows_);
  EXPECT_EQ(client_.TakeOrder(true), (StepOrder{.kind = OrderKind::kTrain, .step = 8}));
  EXPECT_EQ(client_.TakeOrder(false), (StepOrder{.kind = OrderKind::kEvaluate, .step = 9}));
  EXPECT_EQ(client_.TakeOrder(false), std::nullopt);
}

TEST_F(RowClientTest, AtTheEndOthersMayBeGoneBeforeButNotTheCoordinator) {
  Send(FrameType::kPeerLost, layout_.server(0), 0);
  Send(FrameType::kAlive, layout_.server(1), 0);
  Send(FrameType::kStop, layout_.coordinator(), 7);
  client_.AwaitStop();
  Send(FrameType::kPeerLost, layout_.coordinator(), 0);
  Send(FrameType::kStop, layout_.coordinator(), 7);
  ExpectError(ExitCode::kPeer, {"coordinator", "instead of the end of the run"},
              [&] { client_.AwaitStop(); });
}

TEST_F(RowClientTest, AnEndThatNeverComes) {
  config_.cluster.timeout_seconds = 0.05;
  ExpectError(ExitCode::kPeer, {"did not end the run within the deadline"},
              [&] { client_.AwaitStop(); });
}

}  // namespace
}  // namespace fathom
