// Which checkpoint a run goes on from, what is refused, and what is put aside.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <vector>

#include "common/model/manifest.h"
#include "common/model/model_compare.h"
#include "tests/cluster/checkpointed_runs.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
namespace fs = std::filesystem;
using Steps = std::vector<std::uint64_t>;

class StartPointTest : public testing::CheckpointedRuns {};

TEST_F(StartPointTest, AutoTakesTheNewestThatIsWhole) {
  Train("run", {"checkpoint.every_steps=5", "checkpoint.keep=3"});
  const auto steps = Checkpoints("run").Steps();
  ASSERT_EQ(steps.size(), 3U);
  const fs::path damaged = Checkpoints("run").Complete(steps[2]);
  fs::resize_file(damaged / "dense.bin", 100);
  const auto rest = Train("run", {"resume=auto"});
  EXPECT_EQ(rest.result.report.resumed_at, steps[1]);
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
}

// A manifest that says another step than its folder, with a checksum of itself that is right.
TEST_F(StartPointTest, AManifestsStepIsItsFolders) {
  Train("run", {"checkpoint.every_steps=10"});
  const auto steps = Checkpoints("run").Steps();
  ASSERT_GE(steps.size(), 2U);
  const std::uint64_t step = steps.back();
  const fs::path dir = Checkpoints("run").Complete(step);
  Manifest manifest = ReadManifest(dir);
  manifest.step = step + 4;
  WriteManifest(dir, manifest);
  const std::string words =
      fmt::format("its step is {}, its folder's name says {}", step + 4, step);
  ExpectError(ExitCode::kModel, {"manifest.json", words.c_str()},
              [&] { GoOn("run", step, "other", {}); });
  EXPECT_EQ(Train("run", {"resume=auto"}).result.report.resumed_at, steps[steps.size() - 2]);
}

// A crash between the manifest and the name.
TEST_F(StartPointTest, AWholeOneThatHasNotGotItsName) {
  Train("run", {"checkpoint.every_steps=10"});
  const std::uint64_t step = Checkpoints("run").Steps().back();
  fs::rename(Checkpoints("run").Complete(step), Checkpoints("run").Partial(step));
  EXPECT_EQ(Train("run", {"resume=auto"}).result.report.resumed_at, step);
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
}

TEST_F(StartPointTest, AutoWithoutACheckpointBeginsAnew) {
  const auto run = Train("run", {"resume=auto"});
  EXPECT_EQ(run.result.report.resumed_at, 0U);
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
}

TEST_F(StartPointTest, AutoWithoutAWholeOneIsRefused) {
  Train("run", {"checkpoint.every_steps=10"});
  for (const std::uint64_t step : Checkpoints("run").Steps())
    fs::remove(Checkpoints("run").Complete(step) / "rows-07.bin");
  ExpectError(ExitCode::kModel, {"none of the", "resume=restart"},
              [] { Train("run", {"resume=auto"}); });
}

TEST_F(StartPointTest, ARunThatBeginsAnewBesideCheckpointsAsksForAWord) {
  Train("run", {"checkpoint.every_steps=10"});
  const auto steps = Checkpoints("run").Steps();
  ExpectError(ExitCode::kUsage, {"resume=auto", "resume=restart"}, [] { Train("run", {}); });
  EXPECT_EQ(Checkpoints("run").Steps(), steps);
  for (const char* aside : {"old-1", "old-2"}) {
    const auto run = Train("run", {"resume=restart", "checkpoint.every_steps=10"});
    EXPECT_EQ(run.result.report.resumed_at, 0U);
    EXPECT_EQ(Checkpoints("run").Steps(), steps);
    EXPECT_EQ(CheckpointDir(Checkpoints("run").path() / aside).Steps(), steps);
  }
}

TEST_F(StartPointTest, RestartWhereThereAreNoneIsAPlainStart) {
  Train("run", {"resume=restart"});
  EXPECT_FALSE(fs::exists(Checkpoints("run").path()));
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
}

TEST_F(StartPointTest, GoingOnFromAnEarlierOnePutsTheLaterOnesAside) {
  Train("run", {"checkpoint.every_steps=5", "checkpoint.keep=5"});
  ASSERT_EQ(Checkpoints("run").Steps(), (Steps{10, 15, 20, 25, 30}));
  GoOn("run", 10, "run", {"checkpoint.every_steps=5", "checkpoint.keep=1"});
  EXPECT_EQ(Checkpoints("run").Steps(), (Steps{10, 30})) << "its source and its newest";
  EXPECT_EQ(CheckpointDir(Checkpoints("run").path() / "old-1").Steps(), (Steps{15, 20, 25, 30}));
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
}

TEST_F(StartPointTest, ADamagedNewestOneDoesNotPushOutTheGoodOne) {
  Train("run", {"checkpoint.every_steps=5", "checkpoint.keep=2"});
  fs::resize_file(Checkpoints("run").Complete(30) / "dense.bin", 100);
  const auto rest = Train("run", {"resume=auto", "checkpoint.every_steps=7", "checkpoint.keep=1"});
  EXPECT_EQ(rest.result.report.resumed_at, 25U);
  EXPECT_EQ(Checkpoints("run").Steps(), (Steps{25, 28}));
  EXPECT_EQ(CheckpointDir(Checkpoints("run").path() / "old-1").Steps(), Steps{30});
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
}

TEST_F(StartPointTest, WhatIsSomebodyElsesIsNoCheckpoint) {
  Train("run", {"checkpoint.every_steps=10", "checkpoint.keep=2"});
  fs::remove_all(Checkpoints("run").Complete(30));
  const fs::path dir = Checkpoints("run").path();
  std::ofstream(dir / "step-999999999999") << "mine";
  fs::create_directories(dir / "step-000000000025");
  const auto rest = Train("run", {"resume=auto", "checkpoint.every_steps=5", "checkpoint.keep=2"});
  EXPECT_EQ(rest.result.report.resumed_at, 20U);
  EXPECT_EQ(Checkpoints("run").Steps(), (Steps{20, 25, 30}));
  EXPECT_TRUE(fs::exists(dir / "step-999999999999"));
  EXPECT_TRUE(fs::is_directory(dir / "old-1" / "step-000000000025"));
}

TEST_F(StartPointTest, TheAbandonedBranchIsNotGoneOnFrom) {
  const std::string async = "train.consistency=async";
  Train("run", {async, "checkpoint.every_steps=5", "checkpoint.keep=100"});
  std::atomic<int> asked{0};
  const auto stopped = Train("run", {async, "resume=" + Checkpoints("run").Complete(10).string()},
                             [&] { return ++asked > 1; });
  ASSERT_TRUE(stopped.result.stopped);
  ASSERT_LT(stopped.result.report.steps, 25U);
  const auto rest = Train("run", {async, "resume=auto"});
  EXPECT_EQ(rest.result.report.resumed_at, stopped.result.report.steps);
}

TEST_F(StartPointTest, GoingOnFromElsewherePutsAllAside) {
  Train("run", {"checkpoint.every_steps=10"});
  Train("other", {"checkpoint.every_steps=5", "checkpoint.keep=100"});
  GoOn("run", 20, "other", {"checkpoint.every_steps=9"});
  EXPECT_EQ(Checkpoints("other").Steps(), Steps{27});
  EXPECT_EQ(CheckpointDir(Checkpoints("other").path() / "old-1").Steps(),
            (Steps{5, 10, 15, 20, 25, 30}));
  EXPECT_EQ(CompareModels(Model("whole"), Model("other")), "");
}

TEST_F(StartPointTest, BeyondTheEndIsRefusedInPlainWords) {
  Train("run", {"checkpoint.every_steps=10"});
  const auto steps = Checkpoints("run").Steps();
  ExpectError(ExitCode::kUsage, {"step 30", "train.epochs = 1", "step 16"}, [] {
    Train("run", {"resume=auto", "train.epochs=1"});
  });
  EXPECT_EQ(Checkpoints("run").Steps(), steps);
}

TEST_F(StartPointTest, AnotherConfigIsRefused) {
  Train("run", {"checkpoint.every_steps=10"});
  ExpectError(ExitCode::kUsage,
              {"deep.learning_rate = 0.2 (the checkpoint: 0.1)", "warm_start.model"}, [] {
                Train("run", {"resume=auto", "deep.learning_rate=0.2"});
              });
}

TEST_F(StartPointTest, OtherDataAreRefused) {
  Train("run", {"checkpoint.every_steps=10"});
  const std::uint64_t step = Checkpoints("run").Steps().at(0);
  GenerateBooks(3000, 2, dir_->path() / "other" / "data");
  const Config config = testing::BooksConfig(
      dir_->path() / "other" / "data", {"resume=" + Checkpoints("run").Complete(step).string()});
  ExpectError(ExitCode::kUsage, {"training data", "not those of the checkpoint"}, [&] {
    testing::TrainEmbedded(config, dir_->path() / "other" / "packed", dir_->path() / "other");
  });
}

TEST_F(StartPointTest, AModelIsNoCheckpoint) {
  ExpectError(ExitCode::kModel, {"not a checkpoint", "warm_start.model"},
              [] { Train("run", {"resume=" + Model("whole").string()}); });
}

}  // namespace
}  // namespace fathom
