#include "server/service/server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <limits>
#include <optional>
#include <thread>

#include "common/finite.h"
#include "common/message/failed_message.h"
#include "common/message/pull_message.h"
#include "common/message/push_message.h"
#include "common/message/save_request.h"
#include "common/message/saved_message.h"
#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "common/net/in_process_transport.h"
#include "common/run/checkpoint_dir.h"
#include "server/shard/shard.h"
#include "tests/server/simulated_step.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ScratchDir;

constexpr std::uint64_t kServedSteps = 2;
constexpr std::uint32_t kSlices = 4;
constexpr std::size_t kDenseFloats = 32;
constexpr int kWorkers = 2;

ModelSpec Spec() {
  ModelSpec spec;
  spec.tables = {{.name = "wide_deep3", .wide = true, .dim = 3, .row_wise = true}};
  spec.dense_floats = kDenseFloats;
  return spec;
}

Config MakeConfig(double timeout_seconds, std::int64_t checkpoint_steps = 0) {
  Config config;
  config.checkpoint.every_steps = checkpoint_steps;
  config.train.batch_size = kSlices * 8;
  config.train.slice_size = 8;
  config.cluster.servers = 1;
  config.cluster.workers = kWorkers;
  config.cluster.timeout_seconds = timeout_seconds;
  return config;
}

// One server in its own thread; the test speaks for its two workers and the coordinator.
class ServerRun {
 public:
  explicit ServerRun(double timeout_seconds = 60, RunMode mode = RunMode::kTrain,
                     const std::filesystem::path& model_dir = {}, std::int64_t checkpoint_steps = 0)
      : config_(MakeConfig(timeout_seconds, checkpoint_steps)),
        layout_(MakeLayout({"node-a"}, config_.cluster)),
        transport_(static_cast<int>(layout_.roles.size())),
        context_{{{.mode = mode,
                   .model_dir = model_dir,
                   .save_dir = save_dir_.path(),
                   .checkpoint_dir = checkpoint_dir()},
                  config_,
                  spec_,
                  layout_,
                  mode == RunMode::kTrain ? kServedSteps * kSlices * 8 : 0,
                  10},
                 transport_},
        thread_([this] { Serve(); }) {}

  ~ServerRun() {
    if (thread_.joinable()) Stop();
  }

  RoleId Worker(int worker) const { return layout_.worker(worker); }
  const std::filesystem::path& save_dir() const { return save_dir_.path(); }
  std::filesystem::path checkpoint_dir() const { return save_dir_.path() / "checkpoints"; }

  void Send(FrameType type, RoleId from, std::uint64_t step, Buffer payload = {}) {
    transport_.Send({.type = type,
                     .source = from,
                     .destination = layout_.server(0),
                     .step = step,
                     .payload = std::move(payload)});
  }
  void Pull(const SimulatedStep& step, int worker, std::uint64_t version) {
    Send(FrameType::kPull, Worker(worker), version, step.Pull(worker, kWorkers, 0, 1));
  }
  void Push(const SimulatedStep& step, int worker, std::uint64_t number) {
    Send(FrameType::kPush, Worker(worker), number, step.Push(worker, kWorkers, 0, 1));
  }
  void PullToEvaluate(int worker, std::uint64_t version, const std::vector<Key>& keys) {
    Send(FrameType::kPull, Worker(worker), version,
         EncodePull({.will_push = false, .wants_dense = true, .keys = {keys}}));
  }

  // Waits for the answer; fails the test if none comes.
  Buffer Rows(int worker, std::uint64_t version) {
    auto frame = Next(Worker(worker));
    if (!frame) {
      ADD_FAILURE() << "no answer";
      return {};
    }
    EXPECT_EQ(frame->type, FrameType::kRows);
    EXPECT_EQ(frame->step, version);
    return std::move(frame->payload);
  }
  bool Answered(int worker) { return HasFrame(Worker(worker)); }
  bool HasFrame(RoleId role) { return transport_.mailbox(role).Take(Clock::now()).has_value(); }
  std::optional<Frame> Saved() { return Next(0); }

  // A whole step; `last` is the worker whose push comes last.
  void TakeStep(const SimulatedStep& step, std::uint64_t number, int last = 1) {
    for (int w = 0; w < kWorkers; ++w) Pull(step, w, number);
    for (int w = 0; w < kWorkers; ++w) Rows(w, number);
    Push(step, 1 - last, number);
    Push(step, last, number);
  }

  // Ends the server in order, or rethrows what it threw.
  void Stop() {
    Send(FrameType::kStop, 0, 0);
    Join();
  }
  void Join() {
    thread_.join();
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }
  // A server that does not fail is stopped after a while.
  void ExpectFailure(ExitCode code, std::initializer_list<const char*> words) {
    const Deadline deadline = Clock::now() + std::chrono::seconds(20);
    while (!ended_ && Clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (!ended_) Send(FrameType::kStop, 0, 0);
    ExpectError(code, words, [this] { Join(); });
  }

 private:
  void Serve() {
    try {
      Server(context_, 0).Run();
    } catch (...) {
      failure_ = std::current_exception();
    }
    ended_ = true;
  }

  // The next frame but for those that only say that the server is alive.
  std::optional<Frame> Next(RoleId role) {
    for (;;) {
      auto frame = transport_.mailbox(role).Take(Clock::now() + std::chrono::seconds(10));
      if (!frame || frame->type != FrameType::kAlive) return frame;
    }
  }

  ScratchDir save_dir_;
  Config config_;
  ModelSpec spec_ = Spec();
  Layout layout_;
  InProcessTransport transport_;
  RunContext context_;
  std::exception_ptr failure_;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

class ServerTest : public ::testing::Test {
 protected:
  SimulatedStep step_{Spec().tables, kDenseFloats, kSlices, 1};
  std::vector<Key> keys_ = step_.Keys(0, 1, 0, 1)[0];
};

TEST_F(ServerTest, StopsWhenToldTo) {
  ServerRun run;
  EXPECT_NO_THROW(run.Stop());
}

TEST_F(ServerTest, AnswersAsItsShardWould) {
  ServerRun run;
  const ModelSpec spec = Spec();
  const Config config = MakeConfig(60);
  Shard shard(config, spec, 0, 1);
  const auto expected = [&] {
    Buffer payload = EncodePull({.will_push = false, .wants_dense = true, .keys = {keys_}});
    PullMessage message = DecodePull(payload.bytes(), 1, Partitions(), 0, 1);
    return shard.EncodeRows(shard.Find(std::move(payload), std::move(message)));
  };
  for (std::uint64_t version = 0;; ++version) {
    run.PullToEvaluate(0, version, keys_);
    EXPECT_TRUE(std::ranges::equal(run.Rows(0, version).bytes(), expected().bytes())) << version;
    if (version == kServedSteps) break;
    run.TakeStep(step_, version, version % 2 == 0 ? 0 : 1);
    // The same step by one worker.
    Buffer pull = step_.Pull(0, 1, 0, 1);
    PullMessage pull_message = DecodePull(pull.bytes(), 1, Partitions(), 0, 1);
    std::vector<WorkerGradients> gradients(1);
    gradients[0].pull = shard.Find(std::move(pull), std::move(pull_message));
    gradients[0].payload = step_.Push(0, 1, 0, 1);
    gradients[0].message = DecodePush(gradients[0].payload.bytes(), spec.tables,
                                      std::vector<std::size_t>{keys_.size()}, kDenseFloats);
    shard.Update(Schedule(config, kServedSteps * kSlices * 8).Plan(version), gradients);
  }
}

TEST_F(ServerTest, EarlyPullsWaitForTheirVersion) {
  ServerRun run;
  for (int w = 0; w < kWorkers; ++w) run.Pull(step_, w, 0);
  for (int w = 0; w < kWorkers; ++w) run.Rows(w, 0);
  run.Push(step_, 0, 0);
  run.Pull(step_, 0, 1);
  run.PullToEvaluate(0, 1, keys_);
  run.PullToEvaluate(1, 0, keys_);
  run.Rows(1, 0);  // so the server has seen the early pulls
  EXPECT_FALSE(run.Answered(0));
  run.Push(step_, 1, 0);
  run.Rows(0, 1);
  const Buffer early = run.Rows(0, 1);
  run.PullToEvaluate(1, 1, keys_);
  EXPECT_TRUE(std::ranges::equal(early.bytes(), run.Rows(1, 1).bytes()));
}

TEST_F(ServerTest, EvaluationPullsCreateNoRows) {
  ServerRun run;
  for (int i = 0; i < 3; ++i) run.PullToEvaluate(i % 2, 0, keys_);
  run.Rows(0, 0);
  run.Rows(1, 0);
  run.Rows(0, 0);
  CreateDense(run.save_dir(), kDenseFloats, 1);
  run.Send(FrameType::kSave, 0, 0, EncodeSave({}));
  const auto saved = run.Saved();
  ASSERT_TRUE(saved);
  EXPECT_EQ(DecodeSaved(saved->payload.bytes()).tables.at(0).rows, 0U);
}

TEST_F(ServerTest, WorkerWithoutSlicesTakesPartWithEmptyMessages) {
  const SimulatedStep one_slice(Spec().tables, kDenseFloats, 1, 2);
  EXPECT_TRUE(one_slice.Keys(0, kWorkers, 0, 1)[0].empty());
  Config config = MakeConfig(60);
  config.train.batch_size = 8;
  const Layout layout = MakeLayout({"node-a"}, config.cluster);
  const ModelSpec spec = Spec();
  InProcessTransport transport(static_cast<int>(layout.roles.size()));
  const RunContext context{{{}, config, spec, layout, 8}, transport};
  const auto send = [&](FrameType type, RoleId from, Buffer payload) {
    transport.Send({.type = type,
                    .source = from,
                    .destination = layout.server(0),
                    .step = 0,
                    .payload = std::move(payload)});
  };
  for (int w = 0; w < kWorkers; ++w) {
    send(FrameType::kPull, layout.worker(w), one_slice.Pull(w, kWorkers, 0, 1));
    send(FrameType::kPush, layout.worker(w), one_slice.Push(w, kWorkers, 0, 1));
  }
  send(FrameType::kPeerLost, layout.worker(0), {});  // no failure, for the only step is in
  send(FrameType::kStop, 0, {});
  EXPECT_NO_THROW(Server(context, 0).Run());
}

TEST_F(ServerTest, SavesAndServesTheModel) {
  ServerRun run;
  for (std::uint64_t number = 0; number < kServedSteps; ++number) run.TakeStep(step_, number);
  run.PullToEvaluate(0, kServedSteps, keys_);
  const Buffer trained = run.Rows(0, kServedSteps);
  CreateDense(run.save_dir(), kDenseFloats, 1);
  run.Send(FrameType::kSave, 0, kServedSteps, EncodeSave({}));
  const auto frame = run.Saved();
  ASSERT_TRUE(frame);
  ASSERT_EQ(frame->type, FrameType::kSaved);
  SavedMessage saved = DecodeSaved(frame->payload.bytes());
  EXPECT_EQ(saved.tables.at(0).rows, keys_.size());
  EXPECT_EQ(saved.files.size(), static_cast<std::size_t>(Partitions::kFewest));
  saved.files.push_back(FinishDense(run.save_dir(), kDenseFloats, 1));
  WriteManifest(run.save_dir(), {.step = kServedSteps,
                                 .seed = 1,
                                 .tables = Spec().tables,
                                 .dense_floats = kDenseFloats,
                                 .files = saved.files});

  ServerRun evaluation(60, RunMode::kEvaluate, run.save_dir());
  evaluation.PullToEvaluate(1, 0, keys_);
  EXPECT_TRUE(std::ranges::equal(evaluation.Rows(1, 0).bytes(), trained.bytes()));
  evaluation.Pull(step_, 0, 0);
  evaluation.ExpectFailure(ExitCode::kPeer, {"server 0", "worker 0", "to train on"});
}

TEST_F(ServerTest, SilentWorkerIsNamedWithStepAndTime) {
  ServerRun run(0.05);
  for (int w = 0; w < kWorkers; ++w) run.Pull(step_, w, 0);
  run.Push(step_, 0, 0);
  run.ExpectFailure(ExitCode::kPeer,
                    {"server 0", "worker 1 (rank 0 on node-a)", "step 0", " s, 1 of 2 workers"});
}

TEST_F(ServerTest, NobodyIsLateWhileNoPushIsIn) {
  ServerRun run(0.05);
  for (int w = 0; w < kWorkers; ++w) run.Pull(step_, w, 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  EXPECT_NO_THROW(run.Stop());
}

TEST_F(ServerTest, PushWithoutAPull) {
  ServerRun run;
  run.Push(step_, 0, 0);
  run.ExpectFailure(ExitCode::kPeer, {"worker 0", "step 0", "without a pull"});
}

TEST_F(ServerTest, PushTwice) {
  ServerRun run;
  run.Pull(step_, 0, 0);
  run.Push(step_, 0, 0);
  run.Push(step_, 0, 0);
  run.ExpectFailure(ExitCode::kPeer, {"worker 0", "without a pull"});
}

TEST_F(ServerTest, PushOfAnotherStep) {
  ServerRun run;
  run.Pull(step_, 0, 0);
  run.Push(step_, 0, 1);
  run.ExpectFailure(ExitCode::kPeer, {"worker 0", "step 1"});
}

TEST_F(ServerTest, PushThatCutsTheStepIntoOtherSlices) {
  ServerRun run;
  const SimulatedStep other(Spec().tables, kDenseFloats, kSlices + 1, 1);
  run.Pull(other, 0, 0);
  run.Push(other, 0, 0);
  run.ExpectFailure(ExitCode::kPeer, {"worker 0", "into 5 slices", "into 4"});
}

TEST_F(ServerTest, TwoWorkersThatSendTheSameSlices) {
  ServerRun run;
  for (int w = 0; w < kWorkers; ++w) {
    run.Send(FrameType::kPull, run.Worker(w), 0, step_.Pull(0, kWorkers, 0, 1));
    run.Send(FrameType::kPush, run.Worker(w), 0, step_.Push(0, kWorkers, 0, 1));
  }
  run.ExpectFailure(ExitCode::kPeer, {"step 0", "slice 0 came from two workers"});
}

TEST_F(ServerTest, PullTwiceForOneStep) {
  ServerRun run;
  run.Pull(step_, 0, 0);
  run.Pull(step_, 0, 0);
  run.ExpectFailure(ExitCode::kPeer, {"worker 0", "twice for step 0"});
}

TEST_F(ServerTest, PullOfAPastVersion) {
  ServerRun run;
  run.TakeStep(step_, 0);
  run.PullToEvaluate(1, 0, keys_);
  run.ExpectFailure(ExitCode::kPeer, {"worker 1", "version 0 to evaluate", "at 1 of 2"});
}

TEST_F(ServerTest, PullTooFarAhead) {
  ServerRun run;
  run.PullToEvaluate(1, 3, keys_);
  run.ExpectFailure(ExitCode::kPeer, {"worker 1", "version 3"});
}

TEST_F(ServerTest, MoreEarlyPullsThanMayWait) {
  ServerRun run;
  for (int i = 0; i < 4; ++i) run.PullToEvaluate(0, 1, keys_);
  run.ExpectFailure(ExitCode::kPeer, {"worker 0", "3 pulls waiting"});
}

TEST_F(ServerTest, TrainingPullAfterTheLastStep) {
  ServerRun run;
  for (std::uint64_t number = 0; number < kServedSteps; ++number) run.TakeStep(step_, number);
  run.Pull(step_, 0, kServedSteps);
  run.ExpectFailure(ExitCode::kPeer, {"version 2 to train on"});
}

TEST_F(ServerTest, DamagedPull) {
  ServerRun run;
  run.Send(FrameType::kPull, run.Worker(0), 0, Buffer(3));
  run.ExpectFailure(ExitCode::kPeer, {"server 0", "worker 0", "bad frame for step 0"});
}

TEST_F(ServerTest, PullWithKeysInDisorder) {
  ServerRun run;
  run.PullToEvaluate(1, 0, {5, 3});
  run.ExpectFailure(ExitCode::kPeer, {"worker 1", "bad frame", "must ascend"});
}

TEST_F(ServerTest, PushWithBytesLeftOver) {
  ServerRun run;
  run.Pull(step_, 0, 0);
  Buffer payload = step_.Push(0, kWorkers, 0, 1);
  payload.Resize(payload.size() + 1);
  run.Send(FrameType::kPush, run.Worker(0), 0, std::move(payload));
  run.ExpectFailure(ExitCode::kPeer, {"worker 0", "bad frame"});
}

TEST_F(ServerTest, PullFromTheCoordinator) {
  ServerRun run;
  run.Send(FrameType::kPull, 0, 0, step_.Pull(0, kWorkers, 0, 1));
  run.ExpectFailure(ExitCode::kPeer, {"coordinator", "only workers"});
}

TEST_F(ServerTest, FrameThatMakesNoSense) {
  ServerRun run;
  run.Send(FrameType::kScores, run.Worker(0), 0);
  run.ExpectFailure(ExitCode::kPeer, {"\"scores\" frame", "worker 0"});
}

TEST_F(ServerTest, GradientThatIsNotFinite) {
  step_.SpoilDense(3, 17, std::numeric_limits<float>::quiet_NaN());
  ServerRun run;
  run.TakeStep(step_, 0);
  run.ExpectFailure(ExitCode::kNumeric, {"step 0", "dense parameter 17"});
}

// G27: finite, but its square in the update rule's sum would not be for long.
TEST_F(ServerTest, GradientBeyondWhatUpdateRulesTake) {
  step_.SpoilDense(3, 17, -2 * kMaxGradient);
  ServerRun run;
  run.TakeStep(step_, 0);
  run.ExpectFailure(ExitCode::kNumeric, {"step 0", "dense parameter 17", "-2000000000000000"});
}

TEST_F(ServerTest, LostWorkerIsNamedWithTheReason) {
  ServerRun run;
  const std::string reason = "connection reset";
  Buffer payload(reason.size());
  std::memcpy(payload.data(), reason.data(), reason.size());
  run.Send(FrameType::kPeerLost, run.Worker(1), 0, std::move(payload));
  run.ExpectFailure(ExitCode::kPeer,
                    {"lost worker 1 (rank 0 on node-a) in step 0", "connection reset"});
}

TEST_F(ServerTest, LostCoordinatorEndsTheRunEvenAfterTheLastStep) {
  ServerRun run;
  for (std::uint64_t number = 0; number < kServedSteps; ++number) run.TakeStep(step_, number);
  run.Send(FrameType::kPeerLost, 0, 0);
  run.ExpectFailure(ExitCode::kPeer, {"lost coordinator"});
}

TEST_F(ServerTest, FailureOfAPeerIsPassedOnAsItIs) {
  ServerRun run;
  run.Send(FrameType::kFailed, run.Worker(1), 0,
           EncodeFailed({static_cast<int>(ExitCode::kData), "line 3 is bad"}));
  run.ExpectFailure(ExitCode::kData, {"line 3 is bad"});
}

TEST_F(ServerTest, SaveOfAStepThatIsPast) {
  ServerRun run;
  run.TakeStep(step_, 0);
  run.Send(FrameType::kSave, 0, 0, EncodeSave({}));
  run.ExpectFailure(ExitCode::kPeer, {"coordinator", "save the model of step 0", "at 1"});
}

TEST_F(ServerTest, HoldsTrainingBackUntilTheCheckpointIsWritten) {
  ServerRun run(60, RunMode::kTrain, {}, 1);
  run.TakeStep(step_, 0);
  for (int w = 0; w < kWorkers; ++w) run.Pull(step_, w, 1);
  run.PullToEvaluate(0, 1, keys_);
  run.Rows(0, 1);  // to evaluate: the server has seen the pulls before it
  EXPECT_FALSE(run.Answered(0));
  const CheckpointDir checkpoints(run.checkpoint_dir());
  checkpoints.Start(1);
  CreateDense(checkpoints.Partial(1), kDenseFloats, 1);
  run.Send(FrameType::kSave, 0, 1, EncodeSave({.checkpoint = true}));
  const auto saved = run.Saved();
  ASSERT_TRUE(saved);
  EXPECT_EQ(DecodeSaved(saved->payload.bytes()).failure, "");
  run.Rows(0, 1);
  run.Rows(1, 1);
}

TEST_F(ServerTest, ACheckpointThatCannotBeWrittenIsReportedAndTrainingGoesOn) {
  ServerRun run(60, RunMode::kTrain, {}, 1);
  run.TakeStep(step_, 0);
  run.Send(FrameType::kSave, 0, 1, EncodeSave({.checkpoint = true}));
  const auto saved = run.Saved();
  ASSERT_TRUE(saved);
  const std::string failure = DecodeSaved(saved->payload.bytes()).failure;
  EXPECT_NE(failure.find("cannot be created"), std::string::npos) << failure;
  run.TakeStep(step_, 1);
}

TEST_F(ServerTest, APausedServerBeginsNoStepUntilItIsToldWhereToStop) {
  ServerRun run;
  run.Pull(step_, 0, 0);
  run.Rows(0, 0);
  run.Send(FrameType::kPause, 0, 0);
  const auto paused = run.Saved();
  ASSERT_TRUE(paused);
  EXPECT_EQ(paused->type, FrameType::kPaused);
  EXPECT_EQ(paused->step, 1U);  // step 0 was begun
  run.Pull(step_, 1, 0);
  run.Rows(1, 0);
  run.Push(step_, 0, 0);
  run.Push(step_, 1, 0);
  run.Pull(step_, 0, 1);
  run.PullToEvaluate(1, 1, keys_);
  run.Rows(1, 1);
  EXPECT_FALSE(run.Answered(0));
  // Another server has begun step 1, so this one is to save after it.
  run.Send(FrameType::kSave, 0, 2, EncodeSave({}));
  run.Rows(0, 1);
}

}  // namespace
}  // namespace fathom
