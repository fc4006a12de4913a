// Which folders count as checkpoints, and which go. Of a disk that fails: tests/disk.
#include "common/run/checkpoint_dir.h"

#include <gtest/gtest.h>

#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;
using Steps = std::vector<std::uint64_t>;

class CheckpointDirTest : public ::testing::Test {
 protected:
  void Save(std::uint64_t step) {
    dir_.Start(step);
    scratch_.Write("out/checkpoints/" + dir_.Partial(step).filename().string() + "/manifest.json",
                   R"({"format": "fathom model"})");
    dir_.Publish(step);
  }

  testing::ScratchDir scratch_;
  CheckpointDir dir_{scratch_.path() / "out" / "checkpoints"};
};

TEST_F(CheckpointDirTest, WithoutAFolderThereAreNone) { EXPECT_EQ(dir_.Steps(), Steps{}); }

TEST_F(CheckpointDirTest, StepsAscendAsNumbers) {
  const Steps steps = {7, 10, 300, 999999999999, 1000000000000, 2000000000000};
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) Save(*step);
  EXPECT_EQ(dir_.Steps(), steps);
  EXPECT_EQ(dir_.Complete(300).filename(), "step-000000000300");
}

TEST_F(CheckpointDirTest, WhatHasAnotherNameIsNone) {
  Save(20);
  dir_.Start(30);
  for (const char* name :
       {"step-30", "step-0000000000031", "step-", "step-00000000003x", "step-000000000032.old",
        "Step-000000000033", "xstep-000000000034", "step--00000000035", "000000000036"})
    fs::create_directories(dir_.path() / name);
  EXPECT_EQ(dir_.Steps(), Steps{20});
}

TEST_F(CheckpointDirTest, OneThatIsStartedAgainBeginsEmpty) {
  for (int round = 0; round < 2; ++round) {
    dir_.Start(5);
    EXPECT_TRUE(fs::is_empty(dir_.Partial(5)));
    fs::create_directories(dir_.Partial(5) / "left");
  }
}

TEST_F(CheckpointDirTest, PruningKeepsTheNewestAndWhatIsNotItsOwn) {
  for (const std::uint64_t step : {10, 20, 30, 40}) Save(step);
  dir_.Start(50);
  fs::create_directories(dir_.path() / "notes");
  dir_.Prune(4);
  EXPECT_EQ(dir_.Steps(), (Steps{10, 20, 30, 40}));
  EXPECT_FALSE(fs::exists(dir_.Partial(50)));
  dir_.Prune(2);
  EXPECT_EQ(dir_.Steps(), (Steps{30, 40}));
  EXPECT_FALSE(fs::exists(dir_.Partial(10)));
  EXPECT_TRUE(fs::exists(dir_.path() / "notes"));
}

TEST_F(CheckpointDirTest, AWholeOneThatHasNotGotItsNameCountsAndGetsIt) {
  Save(10);
  Save(20);
  fs::rename(dir_.Complete(20), dir_.Partial(20));
  EXPECT_EQ(dir_.Steps(), (Steps{10, 20}));
  EXPECT_EQ(dir_.Complete(20), dir_.Partial(20));
  dir_.Prune(2);
  EXPECT_EQ(dir_.Steps(), (Steps{10, 20}));
  EXPECT_NE(dir_.Complete(20), dir_.Partial(20));
}

TEST_F(CheckpointDirTest, OneThatIsHalfRemovedDoesNotCountAndGoes) {
  Save(10);
  Save(20);
  fs::rename(dir_.Complete(10) / "manifest.json", dir_.Complete(10) / "manifest.json.partial");
  EXPECT_EQ(dir_.Steps(), Steps{20});
  dir_.Prune(2);
  EXPECT_FALSE(fs::exists(dir_.Complete(10)));
}

TEST_F(CheckpointDirTest, TheStepOfAFolder) {
  EXPECT_EQ(CheckpointDir::StepOfFolder("run/checkpoints/step-000000000300"), 300U);
  EXPECT_EQ(CheckpointDir::StepOfFolder("step-000000000300.partial"), 300U);
  EXPECT_EQ(CheckpointDir::StepOfFolder("run/model"), std::nullopt);
}

TEST_F(CheckpointDirTest, DiscardingLeavesTheCompleteOne) {
  Save(10);
  dir_.Start(10);
  dir_.Discard(10);
  EXPECT_FALSE(fs::exists(dir_.Partial(10)));
  EXPECT_EQ(dir_.Steps(), Steps{10});
}

}  // namespace
}  // namespace fathom
