// What was there when the launch began, and what is there now; file times say nothing.
#include "common/run/launched_checkpoints.h"

#include <gtest/gtest.h>

#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

class LaunchedCheckpointsTest : public ::testing::Test {
 protected:
  void Save(std::uint64_t step) {
    scratch_.Write("checkpoints/" + dir_.Complete(step).filename().string() + "/manifest.json", "");
    // Neither of a server whose clock is ahead nor of one whose clock is behind.
    const auto now = fs::file_time_type::clock::now();
    fs::last_write_time(dir_.Complete(step) / "manifest.json",
                        now + std::chrono::hours(step % 2 == 0 ? 1 : -1));
  }

  testing::ScratchDir scratch_;
  CheckpointDir dir_{scratch_.path() / "checkpoints"};
};

TEST_F(LaunchedCheckpointsTest, NoneWereThere) {
  const LaunchedCheckpoints launched(dir_, ResumeFrom::kNo);
  EXPECT_EQ(launched.Newest(), std::nullopt);
  for (const std::uint64_t step : {11, 20}) {
    Save(step);
    EXPECT_EQ(launched.Newest(), step);
  }
}

TEST_F(LaunchedCheckpointsTest, AJobThatGoesOnOwnsAll) {
  Save(10);
  const LaunchedCheckpoints launched(dir_, ResumeFrom::kAuto);
  EXPECT_EQ(launched.Newest(), 10U);
  Save(21);
  EXPECT_EQ(launched.Newest(), 21U);
}

TEST_F(LaunchedCheckpointsTest, ThoseOfAnEarlierRunAreNoneUntilTheyArePutAside) {
  for (const std::uint64_t step : {10, 21}) Save(step);
  const LaunchedCheckpoints launched(dir_, ResumeFrom::kRestart);
  EXPECT_EQ(launched.Newest(), std::nullopt);
  dir_.PutAside(std::nullopt);
  EXPECT_EQ(launched.Newest(), std::nullopt);
  Save(10);
  EXPECT_EQ(launched.Newest(), 10U);
}

TEST_F(LaunchedCheckpointsTest, AJobThatGoesOnFromAnEarlierOne) {
  for (const std::uint64_t step : {10, 20, 30}) Save(step);
  const LaunchedCheckpoints launched(dir_, ResumeFrom::kFolder);
  EXPECT_EQ(launched.Newest(), std::nullopt);
  dir_.PutAside(20);
  EXPECT_EQ(launched.Newest(), 20U);
  Save(25);
  EXPECT_EQ(launched.Newest(), 25U);
}

TEST_F(LaunchedCheckpointsTest, AJobThatGoesOnFromTheNewest) {
  Save(10);
  const LaunchedCheckpoints launched(dir_, ResumeFrom::kFolder);
  EXPECT_EQ(launched.Newest(), std::nullopt);
  Save(20);
  EXPECT_EQ(launched.Newest(), 20U);
}

}  // namespace
}  // namespace fathom
