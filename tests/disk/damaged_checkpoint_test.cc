// Checkpoints whose files are missing, cut short, flipped or no files: refused, with the file's
// name.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "common/model/manifest.h"
#include "common/model/partition_file.h"
#include "tests/disk/checkpoint_contents.h"
#include "tests/disk/disk_run.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::CheckpointContents;
using testing::DiskRun;
using testing::ExpectError;
using testing::kRows;
using testing::kStride;
using testing::ReadCheckpoint;
using testing::ScratchDir;
namespace fs = std::filesystem;

// A checkpoint of changes upon a whole one, with counters of keys, and its files.
class DamagedCheckpoint : public ::testing::Test {
 protected:
  DamagedCheckpoint() {
    DiskRun run(scratch_.path(), 2);
    for (const std::uint64_t step : {1, 2}) {
      run.Change(step);
      run.Save(step);
    }
    dir_ = run.dir().Complete(2);
    good_ = ReadCheckpoint(dir_);
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

  // Whether it is refused, or holds what it held. What it says names the file.
  void ExpectRefusedOrUnchanged(const std::string& name, std::size_t byte) {
    try {
      EXPECT_TRUE(ReadCheckpoint(dir_) == good_) << name << ", byte " << byte;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kModel) << error.what();
      EXPECT_NE(std::string(error.what()).find((dir_ / "").string()), std::string::npos)
          << error.what();
    }
  }

  ScratchDir scratch_;
  fs::path dir_;
  CheckpointContents good_;
};

std::string Bytes(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// As a new file: the links of other checkpoints keep the old one.
void Write(const fs::path& file, const std::string& bytes) {
  fs::remove(file);
  std::ofstream(file, std::ios::binary) << bytes;
}

TEST_F(DamagedCheckpoint, EachFileIsMissedCutShortAndTooLong) {
  for (const std::string& name : Names()) {
    const std::string bytes = Bytes(dir_ / name);
    fs::remove(dir_ / name);
    ExpectError(ExitCode::kModel, {name.c_str()}, [&] { ReadCheckpoint(dir_); });
    Write(dir_ / name, bytes.substr(0, bytes.size() / 2));
    ExpectError(ExitCode::kModel, {name.c_str()}, [&] { ReadCheckpoint(dir_); });
    if (name != "manifest.json") {
      Write(dir_ / name, bytes + 'x');
      ExpectError(ExitCode::kModel, {name.c_str()}, [&] { ReadCheckpoint(dir_); });
    }
    Write(dir_ / name, bytes);
  }
  EXPECT_TRUE(ReadCheckpoint(dir_) == good_);
}

// Nobody writes to the FIFO: whoever waits, waits for ever.
TEST_F(DamagedCheckpoint, EachFileIsAFifo) {
  for (const std::string& name : Names()) {
    fs::rename(dir_ / name, scratch_.path() / "aside");
    ASSERT_EQ(mkfifo((dir_ / name).c_str(), 0600), 0);
    ExpectError(ExitCode::kModel, {name.c_str(), "no plain file"}, [&] { ReadCheckpoint(dir_); });
    fs::remove(dir_ / name);
    fs::rename(scratch_.path() / "aside", dir_ / name);
  }
  EXPECT_TRUE(ReadCheckpoint(dir_) == good_);
}

TEST_F(DamagedCheckpoint, AByteOfEveryFileIsFlippedThousandsOfTimes) {
  std::mt19937_64 random(1);
  const auto names = Names();
  for (int flip = 0; flip < 2000 / static_cast<int>(kStride); ++flip) {
    const std::string& name = names[random() % names.size()];
    const std::string bytes = Bytes(dir_ / name);
    const std::size_t at = random() % bytes.size();
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << random() % 8));
    Write(dir_ / name, flipped);
    ExpectRefusedOrUnchanged(name, at);
    Write(dir_ / name, bytes);
  }
}

TEST_F(DamagedCheckpoint, ItIsBuiltOfWholeFilesAndChanges) {
  const Manifest manifest = ReadManifest(dir_);
  std::size_t whole = 0, changes = 0, added = 0;
  for (int p = 0; p < kPartitions; ++p) {
    const auto files = FilesOfPartition(manifest, p);
    ASSERT_FALSE(files.empty());
    EXPECT_EQ(files.front()->name, PartitionFile(p));
    ++whole;
    for (std::size_t i = 1; i < files.size(); ++i) {
      EXPECT_EQ(files[i]->name, PartitionFile(p, 2));
      ++changes;
      added += files[i]->added.at(0);
    }
  }
  EXPECT_EQ(whole, static_cast<std::size_t>(kPartitions));
  EXPECT_GT(changes, 0U);
  EXPECT_EQ(added, 0U);
  EXPECT_EQ(manifest.Rows(0), kRows);
}

TEST_F(DamagedCheckpoint, CountsThatDoNotAddUp) {
  Manifest manifest = ReadManifest(dir_);
  for (ModelFileEntry& file : manifest.files) {
    if (file.added.empty()) continue;
    file.added[0] += 1;
    int partition = 0;
    while (file.name != PartitionFile(partition, 2)) ++partition;
    ExpectError(ExitCode::kModel, {PartitionFile(partition).c_str(), "the manifest says"}, [&] {
      ReadPartition(dir_, manifest, partition, [](std::size_t, Key, std::span<const float>) {});
    });
    return;
  }
  FAIL() << "no file of changes";
}

}  // namespace
}  // namespace fathom
