// Checkpoints of changes upon the one before: what they take, and what happens where that is gone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>

#include "common/model/manifest.h"
#include "common/model/partition_file.h"
#include "tests/disk/checkpoint_contents.h"
#include "tests/disk/disk_run.h"
#include "tests/disk/recorded_disk.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::DiskRun;
using testing::ExpectedContents;
using testing::ReadCheckpoint;
using testing::RecordedDisk;
using testing::ScratchDir;
namespace fs = std::filesystem;

TEST(CheckpointChainDisk, ABaseThatWasRemovedOrMovedByHandMeansAWholeOneNext) {
  for (const bool moved : {false, true}) {
    const ScratchDir scratch;
    RecordedDisk disk(scratch.path() / "run");
    DiskRun run(scratch.path() / "run");
    run.Change(1);
    run.Save(1);
    if (moved) {
      fs::rename(run.dir().Complete(1), scratch.path() / "mine");
    } else {
      fs::remove_all(run.dir().Complete(1));
    }
    run.Change(2);
    EXPECT_EQ(run.Save(2).failure, "");
    EXPECT_TRUE(ReadCheckpoint(run.dir().Complete(2)) == ExpectedContents(2));
    if (moved) {
      EXPECT_TRUE(ReadCheckpoint(scratch.path() / "mine") == ExpectedContents(1));
    }
  }
}

// Of a chain of files some were linked before one is missed. The base keeps what it has.
TEST(CheckpointChainDisk, ABaseThatLostSomeFilesMeansAWholePartition) {
  const ScratchDir scratch;
  DiskRun run(scratch.path());
  for (const std::uint64_t step : {1, 2}) {
    run.Change(step);
    run.Save(step);
  }
  std::map<fs::path, std::uintmax_t> sizes;
  std::size_t removed = 0;
  fs::copy(run.dir().Complete(2), scratch.path() / "kept",
           fs::copy_options::recursive | fs::copy_options::create_hard_links);
  for (const auto& entry : fs::directory_iterator(scratch.path() / "kept")) {
    sizes[entry.path()] = entry.file_size();
    if (!entry.path().filename().string().ends_with(".2.bin")) continue;
    fs::remove(run.dir().Complete(2) / entry.path().filename());
    ++removed;
  }
  ASSERT_GT(removed, 0U);
  run.Change(3);
  EXPECT_EQ(run.Save(3).failure, "");
  EXPECT_TRUE(ReadCheckpoint(run.dir().Complete(3)) == ExpectedContents(3));
  for (const auto& [file, bytes] : sizes) EXPECT_EQ(fs::file_size(file), bytes) << file;
  EXPECT_TRUE(ReadCheckpoint(scratch.path() / "kept") == ExpectedContents(2));
  const Manifest manifest = ReadManifest(run.dir().Complete(3));
  const auto files = std::distance(fs::directory_iterator(run.dir().Complete(3)), {});
  EXPECT_EQ(static_cast<std::size_t>(files), manifest.files.size() + 1) << "one that is not named";
}

// Files of changes stay fewer and smaller than what they change, and where nothing has changed
// little is written.
TEST(CheckpointChainDisk, ChangesAreWrittenOnceAndDoNotPileUp) {
  const ScratchDir scratch;
  DiskRun run(scratch.path());
  run.Change(1);
  const std::uint64_t whole = run.Save(1).bytes_written;
  run.Change(2);
  const std::uint64_t changes = run.Save(2).bytes_written;
  EXPECT_GT(changes, 0U);
  EXPECT_LT(changes, whole / 2);
  EXPECT_LT(run.Save(3).bytes_written, changes / 2);
  std::size_t most = 0;
  for (std::uint64_t step = 4; step < 60; ++step) {
    run.Change(1 + step % 2);
    ASSERT_EQ(run.Save(step).failure, "");
    const Manifest manifest = ReadManifest(run.dir().Complete(step));
    for (int p = 0; p < kPartitions; ++p) {
      const auto files = FilesOfPartition(manifest, p);
      std::uint64_t bytes = 0;
      for (std::size_t i = 1; i < files.size(); ++i) bytes += files[i]->bytes;
      most = std::max(most, files.size());
      ASSERT_LE(files.size(), 18U) << "step " << step << ", partition " << p;
      ASSERT_LE(bytes, 2 * files.front()->bytes) << "step " << step << ", partition " << p;
    }
  }
  EXPECT_GT(most, 1U);
}

}  // namespace
}  // namespace fathom
