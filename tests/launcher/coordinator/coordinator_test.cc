// The coordinator alone: the test says beforehand what the other roles send. Whole clusters are in
// tests/simulation and tests/cluster.
#include "launcher/coordinator/coordinator.h"

#include <gtest/gtest.h>

#include <cstring>

#include "common/message/failed_message.h"
#include "common/message/saved_message.h"
#include "common/message/step_done_message.h"
#include "common/net/in_process_transport.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;

constexpr std::uint64_t kExamples = 25;  // steps of 10, 10 and 5 examples: 2, 2 and 1 slices

class CoordinatorTest : public ::testing::Test {
 protected:
  CoordinatorTest() {
    config_.train.batch_size = 10;
    config_.train.slice_size = 5;
    config_.cluster.servers = 2;
    config_.cluster.workers = 2;
    config_.cluster.timeout_seconds = 60;
  }

  void Send(FrameType type, RoleId from, std::uint64_t step, Buffer payload = {}) {
    transport_.Send({.type = type,
                     .source = from,
                     .destination = layout_.coordinator(),
                     .step = step,
                     .payload = std::move(payload)});
  }
  void Losses(int worker, std::uint64_t step, std::uint32_t first_slice,
              const std::vector<double>& losses) {
    Send(FrameType::kStepDone, layout_.worker(worker), step,
         EncodeStepDone({.first_slice = first_slice, .loss_sums = losses}));
  }
  void Done(int worker) { Send(FrameType::kWorkerDone, layout_.worker(worker), 3); }
  void Saved(int server, std::uint64_t rows = 0) {
    SavedMessage saved;
    saved.tables = {{.rows = rows,
                     .zero_wide_weights = 2 * rows,
                     .row_bytes = 0,
                     .allocated_bytes = 50 * rows,
                     .evicted_rows = 3 * rows,
                     .refused_updates = 4 * rows,
                     .cold_bytes = 5 * rows,
                     .rows_asked = 6 * rows,
                     .rows_read = 7 * rows}};
    saved.staleness = {rows, 1};
    Send(FrameType::kSaved, layout_.server(server), 3, EncodeSaved(saved));
  }
  // All that a run of three steps takes from the workers.
  void Train() {
    Losses(0, 0, 0, {1});
    Losses(1, 0, 1, {2});
    Losses(1, 1, 1, {8});  // a step is done once all of its slices are in, one after another
    Losses(1, 2, 0, {16});
    Losses(0, 1, 0, {4});
    Done(0);
    Done(1);
  }

  CoordinatorResult Run() {
    return Coordinator(context_, {.texts = {.config_toml = "", .transforms_json = "{}"},
                                  .progress = progress_})
        .Run();
  }
  void ExpectRefused(ExitCode code, std::initializer_list<const char*> words) {
    ExpectError(code, words, [this] { Run(); });
  }

  testing::ScratchDir dir_;
  Config config_;
  ModelSpec spec_ = [] {
    ModelSpec spec;
    spec.tables = {{.name = "wide", .wide = true}};
    spec.dense_floats = 16;
    return spec;
  }();
  Layout layout_ = MakeLayout({"node-a"}, [] {
    ClusterConfig cluster;
    cluster.servers = cluster.workers = 2;
    return cluster;
  }());
  InProcessTransport transport_{static_cast<int>(layout_.roles.size())};
  RunContext context_{{{.save_dir = dir_.path(), .checkpoint_dir = dir_.path() / "checkpoints"},
                       config_,
                       spec_,
                       layout_,
                       kExamples},
                      transport_};
  TrainingProgress progress_;
};

TEST_F(CoordinatorTest, AddsUpWhatTheOthersReport) {
  Train();
  Saved(1, 100);
  Saved(0, 20);
  const CoordinatorResult result = Run();
  EXPECT_FALSE(result.stopped);
  EXPECT_EQ(result.report.steps, 3U);
  EXPECT_EQ(result.report.examples, kExamples);
  EXPECT_EQ(result.report.progressive_logloss, 31.0 / kExamples);
  EXPECT_EQ(result.report.rows, 120U);
  EXPECT_EQ(result.report.zero_wide_weights, 240U);
  EXPECT_EQ(result.report.evicted_rows, 360U);
  EXPECT_EQ(result.report.refused_updates, 480U);
  EXPECT_EQ(result.report.cold_bytes, 600U);
  EXPECT_EQ(result.report.rows_asked, 720U);
  EXPECT_EQ(result.report.rows_read, 840U);
  EXPECT_EQ(result.report.bytes_per_row, 50);
  EXPECT_EQ(result.report.staleness, (StalenessHistogram{120, 2}));
  EXPECT_EQ(ReadManifest(dir_.path()).step, 3U);
  for (std::size_t role = 1; role < layout_.roles.size(); ++role) {
    std::vector<FrameType> heard;
    while (const auto frame = transport_.mailbox(static_cast<RoleId>(role)).Take(Clock::now()))
      heard.push_back(frame->type);
    const auto expected =
        role <= 2 ? std::vector{FrameType::kSave, FrameType::kStop} : std::vector{FrameType::kStop};
    EXPECT_EQ(heard, expected) << role;
  }
}

TEST_F(CoordinatorTest, AResumedRunCountsOnAndItsSpeedIsThatOfItsOwnExamples) {
  context_.start = StartFrom::kResume;
  context_.start_step = 2;
  progress_ = {.examples = 20, .loss_sum = 15, .weight_sum = 20};
  Losses(0, 2, 0, {16});
  Done(0);
  Done(1);
  Saved(0);
  Saved(1);
  const FinalReport report = Run().report;
  EXPECT_EQ(report.examples, kExamples);
  EXPECT_EQ(report.examples_now, 5U);
  EXPECT_EQ(report.progressive_logloss, 31.0 / kExamples);
  EXPECT_EQ(report.resumed_at, 2U);
  EXPECT_NEAR(report.examples_per_second * report.seconds, 5, 1e-6);
}

TEST_F(CoordinatorTest, LossesThatCameAlready) {
  Losses(0, 0, 0, {1});
  Losses(0, 0, 0, {1});
  ExpectRefused(ExitCode::kPeer, {"worker 0", "step 0", "nobody asked for"});
}

TEST_F(CoordinatorTest, LossesOfAStepThatIsDone) {
  Losses(0, 0, 0, {1, 2});
  Losses(1, 0, 1, {2});
  ExpectRefused(ExitCode::kPeer, {"losses of step 0 came after step 1 of 3"});
}

TEST_F(CoordinatorTest, LossesOfAStepBeyondTheLast) {
  Losses(0, 3, 0, {1});
  ExpectRefused(ExitCode::kPeer, {"losses of step 3", "of 3"});
}

TEST_F(CoordinatorTest, LossesOfMoreSlicesThanTheStepHas) {
  Losses(0, 2, 0, {1, 2});
  ExpectRefused(ExitCode::kPeer, {"step 2 has 1 slices", "2 from 0"});
}

TEST_F(CoordinatorTest, LossesFromASliceThatTheStepHasNot) {
  Losses(0, 1, 3, {});
  ExpectRefused(ExitCode::kPeer, {"step 1 has 2 slices", "0 from 3"});
}

TEST_F(CoordinatorTest, AWorkerThatIsDoneTwice) {
  Done(1);
  Done(1);
  ExpectRefused(ExitCode::kPeer, {"worker 1", "nobody asked for"});
}

TEST_F(CoordinatorTest, AServerThatSaysItIsAWorkerAndDone) {
  Send(FrameType::kWorkerDone, layout_.server(0), 3);
  ExpectRefused(ExitCode::kPeer, {"server 0", "nobody asked for"});
}

TEST_F(CoordinatorTest, AServerThatSavesUnasked) {
  Saved(0);
  ExpectRefused(ExitCode::kPeer, {"server 0", "nobody asked for"});
}

TEST_F(CoordinatorTest, AServerThatSavesTwice) {
  Train();
  Saved(0);
  Saved(0);
  ExpectRefused(ExitCode::kPeer, {"server 0", "nobody asked for"});
}

TEST_F(CoordinatorTest, AServerThatPausesUnasked) {
  Send(FrameType::kPaused, layout_.server(1), 1);
  ExpectRefused(ExitCode::kPeer, {"server 1", "nobody asked for"});
}

TEST_F(CoordinatorTest, AWorkerThatAsksForOrdersInSyncMode) {
  Send(FrameType::kNextOrder, layout_.worker(0), 0);
  ExpectRefused(ExitCode::kPeer, {"worker 0", "hands nothing out"});
}

TEST_F(CoordinatorTest, AFrameThatMakesNoSense) {
  Send(FrameType::kPull, layout_.worker(0), 0);
  ExpectRefused(ExitCode::kPeer, {"a \"pull\" frame", "worker 0", "makes no sense"});
}

TEST_F(CoordinatorTest, ALostPeerIsNamedWithTheReason) {
  const std::string reason = "connection reset";
  Buffer payload(reason.size());
  std::memcpy(payload.data(), reason.data(), reason.size());
  Send(FrameType::kPeerLost, layout_.server(1), 0, std::move(payload));
  ExpectRefused(ExitCode::kPeer, {"lost server 1 (rank 0 on node-a)", "connection reset"});
}

TEST_F(CoordinatorTest, AFailureIsPassedOnAsItIs) {
  Send(FrameType::kFailed, layout_.worker(1), 0,
       EncodeFailed({static_cast<int>(ExitCode::kData), "line 3 is bad"}));
  ExpectRefused(ExitCode::kData, {"line 3 is bad"});
}

TEST_F(CoordinatorTest, WaitsForNobodyForEver) {
  config_.cluster.timeout_seconds = 0.1;
  Losses(0, 0, 0, {1, 2});
  ExpectRefused(ExitCode::kPeer, {"nothing came for 0.2 s", "after step 1"});
}

}  // namespace
}  // namespace fathom
