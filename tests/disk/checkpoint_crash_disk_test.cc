// Checkpoints on a disk that a crash has cut off, on file systems of several kinds.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>

#include "common/run/checkpoint_dir.h"
#include "tests/disk/checkpoint_contents.h"
#include "tests/disk/disk_run.h"
#include "tests/disk/recorded_disk.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::DiskRun;
using testing::ExpectedContents;
using testing::kStride;
using testing::ReadCheckpoint;
using testing::RecordedDisk;
using testing::ScratchDir;
namespace fs = std::filesystem;

// File systems that refuse what a local disk does.
class CheckpointDiskThat : public ::testing::TestWithParam<RecordedDisk::Refusals> {};

INSTANTIATE_TEST_SUITE_P(
    Refuses, CheckpointDiskThat,
    ::testing::Values(RecordedDisk::Refusals{}, RecordedDisk::Refusals{.flags = true},
                      RecordedDisk::Refusals{.folders = true},
                      RecordedDisk::Refusals{.links = true, .flags = true, .folders = true}),
    [](const auto& info) {
      const RecordedDisk::Refusals& refusals = info.param;
      return refusals.links     ? "Everything"
             : refusals.folders ? "FoldersToBeRenamed"
             : refusals.flags   ? "FlagsOfRename"
                                : "Nothing";
    });

// Three checkpoints, each removing the one before, the last one written twice; then a crash after
// every operation.
TEST_P(CheckpointDiskThat, LeavesTheNewestOrTheOneBeforeAfterACrashAtAnyOperation) {
  const ScratchDir scratch;
  RecordedDisk disk(scratch.path());
  disk.Refuse(GetParam());
  std::map<std::uint64_t, std::size_t> published;  // by step: changes until Save returned
  {
    DiskRun run(scratch.path());
    for (std::uint64_t step = 1; step <= 3; ++step) {
      run.Change(step);
      ASSERT_EQ(run.Save(step).failure, "");
      published[step] = disk.changes();
    }
    ASSERT_EQ(run.Save(3).failure, "");
    EXPECT_EQ(run.dir().Steps(), std::vector<std::uint64_t>{3});
    EXPECT_FALSE(fs::exists(run.dir().Partial(3)));
  }
  using Keep = RecordedDisk::Keep;
  for (const Keep keep : {Keep::kSynced, Keep::kAll, Keep::kNames}) {
    std::set<std::uint64_t> seen;
    for (std::size_t changes = 0; changes <= disk.changes(); ++changes) {
      // Partitions are written one like the other: some of their operations stand for all.
      if (changes % (32 * kStride) != 0 && !disk.NearARename(changes)) continue;
      const ScratchDir crashed;
      disk.Restore(changes, keep, crashed.path() / "out");
      const CheckpointDir dir(crashed.path() / "out" / "checkpoints");
      std::uint64_t newest = 0;
      for (const std::uint64_t step : dir.Steps()) {
        ASSERT_TRUE(ReadCheckpoint(dir.Complete(step)) == ExpectedContents(step))
            << "after change " << changes;
        newest = step;
      }
      seen.insert(newest);
      for (const auto& [step, done] : published) {
        if (done > changes) continue;
        ASSERT_GE(newest, step) << "lost after change " << changes;
      }
    }
    EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3}));
  }
}

}  // namespace
}  // namespace fathom
