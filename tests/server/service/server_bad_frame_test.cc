// Frames that make no sense where they come: the server ends and names who sent them.
#include <gtest/gtest.h>

#include <limits>

#include "common/finite.h"
#include "tests/server/service/server_run.h"

namespace fathom {
namespace {

using testing::kDenseFloats;
using testing::kServedSteps;
using testing::kSlices;
using testing::kWorkers;
using testing::ServedSpec;
using testing::ServerRun;

class ServerBadFrameTest : public testing::ServerFixture {};

TEST_F(ServerBadFrameTest, PushWithoutAPull) {
  ServerRun run;
  run.Push(step_, 0, 0);
  run.ExpectFailure(ExitCode::kPeer, {"worker 0", "step 0", "without a pull"});
}

TEST_F(ServerBadFrameTest, PushTwice) {
  ServerRun run;
  run.Pull(step_, 0, 0);
  run.Push(step_, 0, 0);
  run.Push(step_, 0, 0);
  run.ExpectFailure(ExitCode::kPeer, {"worker 0", "without a pull"});
}

TEST_F(ServerBadFrameTest, PushOfAnotherStep) {
  ServerRun run;
  run.Pull(step_, 0, 0);
  run.Push(step_, 0, 1);
  run.ExpectFailure(ExitCode::kPeer, {"worker 0", "step 1"});
}

TEST_F(ServerBadFrameTest, PushThatCutsTheStepIntoOtherSlices) {
  ServerRun run;
  const SimulatedStep other(ServedSpec().tables, kDenseFloats, kSlices + 1, 1);
  run.Pull(other, 0, 0);
  run.Push(other, 0, 0);
  run.ExpectFailure(ExitCode::kPeer, {"worker 0", "into 5 slices", "into 4"});
}

TEST_F(ServerBadFrameTest, TwoWorkersThatSendTheSameSlices) {
  ServerRun run;
  for (int w = 0; w < kWorkers; ++w) {
    run.Send(FrameType::kPull, run.Worker(w), 0, step_.Pull(0, kWorkers, 0, 1));
    run.Send(FrameType::kPush, run.Worker(w), 0, step_.Push(0, kWorkers, 0, 1));
  }
  run.ExpectFailure(ExitCode::kPeer, {"step 0", "slice 0 came from two workers"});
}

TEST_F(ServerBadFrameTest, PullTwiceForOneStep) {
  ServerRun run;
  run.Pull(step_, 0, 0);
  run.Pull(step_, 0, 0);
  run.ExpectFailure(ExitCode::kPeer, {"worker 0", "twice for step 0"});
}

TEST_F(ServerBadFrameTest, PullOfAPastVersion) {
  ServerRun run;
  run.TakeStep(step_, 0);
  run.PullToEvaluate(1, 0, keys_);
  run.ExpectFailure(ExitCode::kPeer, {"worker 1", "version 0 to evaluate", "at 1 of 2"});
}

TEST_F(ServerBadFrameTest, PullTooFarAhead) {
  ServerRun run;
  run.PullToEvaluate(1, 3, keys_);
  run.ExpectFailure(ExitCode::kPeer, {"worker 1", "version 3"});
}

TEST_F(ServerBadFrameTest, MoreEarlyPullsThanMayWait) {
  ServerRun run;
  for (int i = 0; i < 4; ++i) run.PullToEvaluate(0, 1, keys_);
  run.ExpectFailure(ExitCode::kPeer, {"worker 0", "3 pulls waiting"});
}

TEST_F(ServerBadFrameTest, TrainingPullAfterTheLastStep) {
  ServerRun run;
  for (std::uint64_t number = 0; number < kServedSteps; ++number) run.TakeStep(step_, number);
  run.Pull(step_, 0, kServedSteps);
  run.ExpectFailure(ExitCode::kPeer, {"version 2 to train on"});
}

TEST_F(ServerBadFrameTest, DamagedPull) {
  ServerRun run;
  run.Send(FrameType::kPull, run.Worker(0), 0, Buffer(3));
  run.ExpectFailure(ExitCode::kPeer, {"server 0", "worker 0", "bad frame for step 0"});
}

TEST_F(ServerBadFrameTest, PullWithKeysInDisorder) {
  ServerRun run;
  run.PullToEvaluate(1, 0, {5, 3});
  run.ExpectFailure(ExitCode::kPeer, {"worker 1", "bad frame", "must ascend"});
}

TEST_F(ServerBadFrameTest, PushWithBytesLeftOver) {
  ServerRun run;
  run.Pull(step_, 0, 0);
  Buffer payload = step_.Push(0, kWorkers, 0, 1);
  payload.Resize(payload.size() + 1);
  run.Send(FrameType::kPush, run.Worker(0), 0, std::move(payload));
  run.ExpectFailure(ExitCode::kPeer, {"worker 0", "bad frame"});
}

TEST_F(ServerBadFrameTest, PullFromTheCoordinator) {
  ServerRun run;
  run.Send(FrameType::kPull, 0, 0, step_.Pull(0, kWorkers, 0, 1));
  run.ExpectFailure(ExitCode::kPeer, {"coordinator", "only workers"});
}

TEST_F(ServerBadFrameTest, FrameThatMakesNoSense) {
  ServerRun run;
  run.Send(FrameType::kScores, run.Worker(0), 0);
  run.ExpectFailure(ExitCode::kPeer, {"\"scores\" frame", "worker 0"});
}

TEST_F(ServerBadFrameTest, GradientThatIsNotFinite) {
  step_.SpoilDense(3, 17, std::numeric_limits<float>::quiet_NaN());
  ServerRun run;
  run.TakeStep(step_, 0);
  run.ExpectFailure(ExitCode::kNumeric, {"step 0", "dense parameter 17"});
}

// Finite, but its square in the update rule's sum would not be for long.
TEST_F(ServerBadFrameTest, GradientBeyondWhatUpdateRulesTake) {
  step_.SpoilDense(3, 17, -2 * kMaxGradient);
  ServerRun run;
  run.TakeStep(step_, 0);
  run.ExpectFailure(ExitCode::kNumeric, {"step 0", "dense parameter 17", "-2000000000000000"});
}

}  // namespace
}  // namespace fathom
