// A server's files of checkpoints and of the model, and what waits for them.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "common/message/save_request.h"
#include "common/message/saved_message.h"
#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "common/run/checkpoint_dir.h"
#include "tests/server/service/server_run.h"

namespace fathom {
namespace {

using testing::kDenseFloats;
using testing::kServedSteps;
using testing::kWorkers;
using testing::ServedSpec;
using testing::ServerRun;

class ServerSaveTest : public testing::ServerFixture {};

TEST_F(ServerSaveTest, SavesAndServesTheModel) {
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
                                 .tables = ServedSpec().tables,
                                 .dense_floats = kDenseFloats,
                                 .files = saved.files});

  ServerRun evaluation(60, RunMode::kEvaluate, run.save_dir());
  evaluation.PullToEvaluate(1, 0, keys_);
  EXPECT_TRUE(std::ranges::equal(evaluation.Rows(1, 0).bytes(), trained.bytes()));
  evaluation.Pull(step_, 0, 0);
  evaluation.ExpectFailure(ExitCode::kPeer, {"server 0", "worker 0", "to train on"});
}

TEST_F(ServerSaveTest, SaveOfAStepThatIsPast) {
  ServerRun run;
  run.TakeStep(step_, 0);
  run.Send(FrameType::kSave, 0, 0, EncodeSave({}));
  run.ExpectFailure(ExitCode::kPeer, {"coordinator", "save the model of step 0", "at 1"});
}

TEST_F(ServerSaveTest, HoldsTrainingBackUntilTheCheckpointIsWritten) {
  ServerRun run(60, RunMode::kTrain, {}, 1);
  run.TakeStep(step_, 0);
  for (int w = 0; w < kWorkers; ++w) run.Pull(step_, w, 1);
  run.PullToEvaluate(0, 1, keys_);
  run.Rows(0, 1);  // to evaluate: the server has seen the pulls before it
  EXPECT_FALSE(run.Answered(0));
  const CheckpointDir checkpoints(run.checkpoint_dir());
  checkpoints.Start(1);
  CreateDense(checkpoints.Partial(1), kDenseFloats, 1);
  run.Send(FrameType::kSave, 0, 1, EncodeSave({.kind = SaveKind::kCheckpoint}));
  const auto saved = run.Saved();
  ASSERT_TRUE(saved);
  EXPECT_EQ(DecodeSaved(saved->payload.bytes()).failure, "");
  run.Rows(0, 1);
  run.Rows(1, 1);
}

TEST_F(ServerSaveTest, ACheckpointThatCannotBeWrittenIsReportedAndTrainingGoesOn) {
  ServerRun run(60, RunMode::kTrain, {}, 1);
  run.TakeStep(step_, 0);
  run.Send(FrameType::kSave, 0, 1, EncodeSave({.kind = SaveKind::kCheckpoint}));
  const auto saved = run.Saved();
  ASSERT_TRUE(saved);
  const std::string failure = DecodeSaved(saved->payload.bytes()).failure;
  EXPECT_NE(failure.find("cannot be created"), std::string::npos) << failure;
  run.TakeStep(step_, 1);
}

TEST_F(ServerSaveTest, APausedServerBeginsNoStepUntilItIsToldWhereToStop) {
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
