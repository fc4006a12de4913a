// Peers that are silent, lost, or failed.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <string>
#include <thread>

#include "common/message/failed_message.h"
#include "tests/server/service/server_run.h"

namespace fathom {
namespace {

using testing::kServedSteps;
using testing::kWorkers;
using testing::ServerRun;

class ServerLostPeerTest : public testing::ServerFixture {};

TEST_F(ServerLostPeerTest, SilentWorkerIsNamedWithStepAndTime) {
  ServerRun run(0.05);
  for (int w = 0; w < kWorkers; ++w) run.Pull(step_, w, 0);
  run.Push(step_, 0, 0);
  run.ExpectFailure(ExitCode::kPeer,
                    {"server 0", "worker 1 (rank 0 on node-a)", "step 0", " s, 1 of 2 workers"});
}

TEST_F(ServerLostPeerTest, NobodyIsLateWhileNoPushIsIn) {
  ServerRun run(0.05);
  for (int w = 0; w < kWorkers; ++w) run.Pull(step_, w, 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  EXPECT_NO_THROW(run.Stop());
}

TEST_F(ServerLostPeerTest, LostWorkerIsNamedWithTheReason) {
  ServerRun run;
  const std::string reason = "connection reset";
  Buffer payload(reason.size());
  std::memcpy(payload.data(), reason.data(), reason.size());
  run.Send(FrameType::kPeerLost, run.Worker(1), 0, std::move(payload));
  run.ExpectFailure(ExitCode::kPeer,
                    {"lost worker 1 (rank 0 on node-a) in step 0", "connection reset"});
}

TEST_F(ServerLostPeerTest, LostCoordinatorEndsTheRunEvenAfterTheLastStep) {
  ServerRun run;
  for (std::uint64_t number = 0; number < kServedSteps; ++number) run.TakeStep(step_, number);
  run.Send(FrameType::kPeerLost, 0, 0);
  run.ExpectFailure(ExitCode::kPeer, {"lost coordinator"});
}

TEST_F(ServerLostPeerTest, FailureOfAPeerIsPassedOnAsItIs) {
  ServerRun run;
  run.Send(FrameType::kFailed, run.Worker(1), 0,
           EncodeFailed({static_cast<int>(ExitCode::kData), "line 3 is bad"}));
  run.ExpectFailure(ExitCode::kData, {"line 3 is bad"});
}

}  // namespace
}  // namespace fathom
