// Checkpoints on a disk that fails: the one before or the new one is there, whole, and the run goes
// on.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "tests/disk/checkpoint_contents.h"
#include "tests/disk/disk_run.h"
#include "tests/disk/recorded_disk.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::CheckpointContents;
using testing::DiskRun;
using testing::ExpectedContents;
using testing::ExpectError;
using testing::kRows;
using testing::kStride;
using testing::ReadCheckpoint;
using testing::RecordedDisk;
using testing::ScratchDir;
namespace fs = std::filesystem;

TEST(CheckpointDisk, EveryPartOfItChangesFromStepToStep) {
  const CheckpointContents &first = ExpectedContents(1), &second = ExpectedContents(2);
  EXPECT_EQ(first.step, 1U);
  EXPECT_EQ(first.rows.size(), kRows);
  EXPECT_EQ(second.rows.size(), kRows);
  EXPECT_NE(first.rows, second.rows);
  EXPECT_NE(first.dense, second.dense);
  EXPECT_NE(first.dense_accumulators, second.dense_accumulators);
  EXPECT_EQ(first.config_toml, "# as of step 1\n");
  EXPECT_EQ(second.transforms_json, "{\"step\": 2}");
  EXPECT_EQ(second.progress, (TrainingProgress{.examples = 2, .loss_sum = 1}));
}

// Two checkpoints, the second of changes, with operation `fail_at` of the second one failing.
// Returns false once there is no such operation.
bool SecondCheckpointFails(std::size_t fail_at, int error) {
  const ScratchDir scratch;
  RecordedDisk disk(scratch.path());
  DiskRun run(scratch.path());
  run.Change(1);
  run.Save(1);
  run.Change(2);
  const std::size_t begin = disk.operations();
  disk.FailAt(begin + fail_at, error);
  const CheckpointReport report = run.Save(2);
  const bool failed = disk.operations() > begin + fail_at;
  if (!failed) return false;
  // What failed may not have been needed: a link that became a copy, an old one that stays a while.
  // And a checkpoint whose name may not have reached the disk counts as failed, though it is there.
  const auto steps = run.dir().Steps();
  EXPECT_TRUE(!steps.empty()) << "operation " << fail_at;
  for (const std::uint64_t step : steps)
    EXPECT_TRUE(ReadCheckpoint(run.dir().Complete(step)) == ExpectedContents(step))
        << "operation " << fail_at;
  if (report.failure.empty()) {
    EXPECT_EQ(steps.back(), 2U) << "operation " << fail_at;
  } else {
    EXPECT_EQ(steps.front(), 1U) << "operation " << fail_at;
    // One that is whole and could not take its name is kept; any other is removed.
    EXPECT_TRUE(!fs::exists(run.dir().Partial(2)) || run.dir().Complete(2) == run.dir().Partial(2))
        << "left behind after operation " << fail_at;
  }
  // The run goes on, and so do its checkpoints.
  run.Change(3);
  EXPECT_EQ(run.Save(3).failure, "") << "operation " << fail_at;
  EXPECT_EQ(run.dir().Steps(), std::vector<std::uint64_t>{3});
  EXPECT_TRUE(ReadCheckpoint(run.dir().Complete(3)) == ExpectedContents(3))
      << "after operation " << fail_at;
  for (const auto& entry : fs::directory_iterator(run.dir().path()))
    EXPECT_NE(entry.path().extension(), ".partial") << "left behind after operation " << fail_at;
  return true;
}

TEST(CheckpointDisk, EveryOperationFailsOnceWithAnInputOutputError) {
  std::size_t operations = 0;
  while (SecondCheckpointFails(operations, EIO)) operations += kStride;
  EXPECT_GT(operations, static_cast<std::size_t>(kPartitions));
}

TEST(CheckpointDisk, EveryOperationFailsOnceForWantOfSpace) {
  std::size_t operations = 0;
  while (SecondCheckpointFails(operations, ENOSPC)) operations += kStride;
  EXPECT_GT(operations, static_cast<std::size_t>(kPartitions));
}

TEST(CheckpointDisk, AFileSystemWithoutLinksGetsCopies) {
  const ScratchDir scratch;
  RecordedDisk disk(scratch.path());
  DiskRun run(scratch.path());
  run.Change(1);
  run.Save(1);
  run.Change(2);
  disk.Refuse({.links = true});
  const CheckpointReport report = run.Save(2);
  EXPECT_EQ(report.failure, "");
  EXPECT_TRUE(ReadCheckpoint(run.dir().Complete(2)) == ExpectedContents(2));
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(run.dir().Complete(2))) {
    EXPECT_EQ(entry.hard_link_count(), 1U) << entry.path();
    if (entry.path().filename().string().starts_with("rows-")) bytes += entry.file_size();
  }
  EXPECT_EQ(report.bytes_written, bytes);
}

TEST(CheckpointDisk, ShortWritesAreFinished) {
  const ScratchDir scratch;
  RecordedDisk disk(scratch.path());
  DiskRun run(scratch.path());
  run.Change(1);
  disk.ShortWritesFrom(0);
  EXPECT_EQ(run.Save(1).failure, "");
  EXPECT_GT(disk.short_writes(), static_cast<std::size_t>(kPartitions) / 2);
  EXPECT_TRUE(ReadCheckpoint(run.dir().Complete(1)) == ExpectedContents(1));
}

TEST(CheckpointDisk, AFullDiskEndsTheRunAtTheThirdFailureInARow) {
  const ScratchDir scratch;
  RecordedDisk disk(scratch.path());
  DiskRun run(scratch.path());
  run.Change(1);
  run.Save(1);
  disk.FailAt(disk.operations(), ENOSPC, SIZE_MAX / 2);
  EXPECT_NE(run.Save(2).failure.find("No space left"), std::string::npos);
  EXPECT_NE(run.Save(3).failure, "");
  ExpectError(ExitCode::kModel, {"3 checkpoints in a row", "No space left"}, [&] { run.Save(4); });
  EXPECT_EQ(run.dir().Steps(), std::vector<std::uint64_t>{1});
  EXPECT_TRUE(ReadCheckpoint(run.dir().Complete(1)) == ExpectedContents(1));
}

TEST(CheckpointDisk, FailuresInARowAreForgottenWithTheNextSuccess) {
  const ScratchDir scratch;
  RecordedDisk disk(scratch.path());
  DiskRun run(scratch.path());
  run.Change(1);
  for (std::uint64_t step = 1; step <= 6; ++step) {
    disk.FailAt(disk.operations(), ENOSPC, step % 3 == 0 ? 0 : SIZE_MAX / 2);
    EXPECT_EQ(run.Save(step).failure.empty(), step % 3 == 0) << step;
  }
  EXPECT_EQ(run.dir().Steps(), std::vector<std::uint64_t>{6});
}

TEST(CheckpointDisk, TheCheckpointOfAStopMustSucceed) {
  const ScratchDir scratch;
  RecordedDisk disk(scratch.path());
  DiskRun run(scratch.path());
  run.Change(1);
  disk.FailAt(disk.operations() + 10, EIO);
  ExpectError(ExitCode::kModel, {"asked to stop", "could not be written"},
              [&] { run.Save(1, true); });
}

}  // namespace
}  // namespace fathom
