// Which folders count as checkpoints, and which go. Of a disk that fails: tests/disk.
#include "common/run/checkpoint_dir.h"

#include <gtest/gtest.h>

#include "common/model/manifest.h"
#include "common/model/model_text.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;
using Steps = std::vector<std::uint64_t>;

class CheckpointDirTest : public ::testing::Test {
 protected:
  void Save(std::uint64_t step) {
    dir_.Start(step);
    WriteModel(dir_.Partial(step), step);
    dir_.Publish(step);
  }

  static void WriteModel(const fs::path& dir, std::uint64_t step) {
    Manifest manifest{.step = step,
                      .tables = {{.name = "books", .wide = true}},
                      .files = {},
                      .progress = TrainingProgress{.examples = step}};
    manifest.files.push_back(WriteTextFile(dir, "config.toml", "seed = 1\n"));
    WriteManifest(dir, manifest);
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
  for (const char* name : {"notes", "notes.partial", "step-7.partial"})
    fs::create_directories(dir_.path() / name);
  dir_.Prune(4, 40, std::nullopt);
  EXPECT_EQ(dir_.Steps(), (Steps{10, 20, 30, 40}));
  EXPECT_FALSE(fs::exists(dir_.Partial(50)));
  dir_.Prune(2, 40, std::nullopt);
  EXPECT_EQ(dir_.Steps(), (Steps{30, 40}));
  EXPECT_FALSE(fs::exists(dir_.Partial(10)));
  for (const char* name : {"notes", "notes.partial", "step-7.partial"})
    EXPECT_TRUE(fs::exists(dir_.path() / name)) << name;
}

TEST_F(CheckpointDirTest, PruningNeverTakesWhatWasJustWrittenNorTheSource) {
  for (const std::uint64_t step : {10, 20, 30, 40}) Save(step);
  dir_.Prune(1, 20, 10);
  EXPECT_EQ(dir_.Steps(), (Steps{10, 20, 30, 40}));
  dir_.Prune(1, 40, 10);
  EXPECT_EQ(dir_.Steps(), (Steps{10, 40}));
}

TEST_F(CheckpointDirTest, OneThatIsDamagedDoesNotCountAndStays) {
  for (const std::uint64_t step : {10, 20, 30, 40}) Save(step);
  fs::resize_file(dir_.Complete(30) / "config.toml", 3);
  scratch_.Write("out/checkpoints/" + dir_.Complete(20).filename().string() + "/manifest.json",
                 "{}");
  EXPECT_FALSE(dir_.IsWhole(20));
  EXPECT_FALSE(dir_.IsWhole(30));
  EXPECT_TRUE(dir_.IsWhole(40));
  dir_.Prune(2, 40, std::nullopt);
  EXPECT_EQ(dir_.Steps(), (Steps{10, 20, 30, 40})) << "10 and 40 are the two that are whole";
}

TEST_F(CheckpointDirTest, OneOfAnotherStepIsNotWhole) {
  Save(20);
  fs::rename(dir_.Complete(20), dir_.Complete(24));
  EXPECT_FALSE(dir_.IsWhole(24));
}

TEST_F(CheckpointDirTest, WhatIsSomebodyElsesDoesNotCountAndStays) {
  Save(10);
  Save(20);
  scratch_.Write("out/checkpoints/step-999999999999", "a file");
  scratch_.Write("out/checkpoints/step-999999999998/notes", "a folder");
  EXPECT_EQ(dir_.Steps(), (Steps{10, 20}));
  dir_.PutAside(10);
  dir_.Prune(1, 10, std::nullopt);
  EXPECT_EQ(dir_.Steps(), Steps{10});
  EXPECT_EQ(scratch_.Read("out/checkpoints/step-999999999999"), "a file");
  EXPECT_EQ(scratch_.Read("out/checkpoints/step-999999999998/notes"), "a folder");
}

TEST_F(CheckpointDirTest, WhatStandsInTheWayIsPutAside) {
  scratch_.Write("out/checkpoints/step-000000000020/notes", "mine");
  scratch_.Write("out/checkpoints/step-000000000030", "mine too");
  Save(20);
  Save(30);
  EXPECT_EQ(dir_.Steps(), (Steps{20, 30}));
  EXPECT_EQ(scratch_.Read("out/checkpoints/old-1/step-000000000020/notes"), "mine");
  EXPECT_EQ(scratch_.Read("out/checkpoints/old-2/step-000000000030"), "mine too");
}

TEST_F(CheckpointDirTest, AWholeOneOfTheSameStepIsReplaced) {
  Save(20);
  Save(20);
  EXPECT_EQ(dir_.Steps(), Steps{20});
  EXPECT_EQ(dir_.TimesPutAside(), 0);
}

TEST_F(CheckpointDirTest, LaterOnesArePutAsideUnderANewNumberEachTime) {
  for (const std::uint64_t step : {10, 20, 30}) Save(step);
  EXPECT_EQ(dir_.PutAside(30), std::nullopt);
  EXPECT_EQ(dir_.PutAside(10), dir_.path() / "old-1");
  EXPECT_EQ(dir_.Steps(), Steps{10});
  EXPECT_EQ(CheckpointDir(dir_.path() / "old-1").Steps(), (Steps{20, 30}));
  Save(20);
  EXPECT_EQ(dir_.PutAside(std::nullopt), dir_.path() / "old-2");
  EXPECT_EQ(dir_.Steps(), Steps{});
  EXPECT_EQ(CheckpointDir(dir_.path() / "old-2").Steps(), (Steps{10, 20}));
  EXPECT_EQ(CheckpointDir(dir_.path() / "old-1").Steps(), (Steps{20, 30}));
  EXPECT_EQ(dir_.TimesPutAside(), 2);
}

TEST_F(CheckpointDirTest, OneOfThemIsFoundByAnyPath) {
  Save(10);
  fs::create_directory_symlink(dir_.Complete(10), scratch_.path() / "link");
  EXPECT_EQ(dir_.StepOf(dir_.path() / "." / "step-000000000010"), 10U);
  EXPECT_EQ(dir_.StepOf(scratch_.path() / "link"), 10U);
  EXPECT_EQ(dir_.StepOf(scratch_.path()), std::nullopt);
  EXPECT_EQ(dir_.StepOf(scratch_.path() / "nowhere"), std::nullopt);
}

TEST_F(CheckpointDirTest, AWholeOneThatHasNotGotItsNameCountsAndGetsIt) {
  Save(10);
  Save(20);
  fs::rename(dir_.Complete(20), dir_.Partial(20));
  EXPECT_EQ(dir_.Steps(), (Steps{10, 20}));
  EXPECT_EQ(dir_.Complete(20), dir_.Partial(20));
  dir_.Prune(2, 20, std::nullopt);
  EXPECT_EQ(dir_.Steps(), (Steps{10, 20}));
  EXPECT_NE(dir_.Complete(20), dir_.Partial(20));
}

TEST_F(CheckpointDirTest, OneThatIsHalfRemovedDoesNotCountAndGoes) {
  Save(10);
  Save(20);
  fs::rename(dir_.Complete(10) / "manifest.json", dir_.Complete(10) / "manifest.json.partial");
  EXPECT_EQ(dir_.Steps(), Steps{20});
  dir_.Prune(2, 20, std::nullopt);
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
