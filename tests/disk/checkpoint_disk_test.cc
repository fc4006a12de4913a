// Checkpoints on a disk that fails, or that a crash has cut off: the one before or the new one is
// there, whole, and nothing is taken for one that is not.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "common/message/save_request.h"
#include "common/message/saved_message.h"
#include "common/model/admission_file.h"
#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "common/model/model_text.h"
#include "common/model/partition_file.h"
#include "common/net/in_process_transport.h"
#include "common/random.h"
#include "common/run/checkpoint_dir.h"
#include "launcher/coordinator/checkpoints.h"
#include "tests/disk/recorded_disk.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"
#include "tests/support/shard_part.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::RecordedDisk;
using testing::ScratchDir;
using testing::ShardPart;
namespace fs = std::filesystem;

constexpr int kServers = 2;
constexpr std::uint64_t kRows = 300;

// All that a checkpoint holds.
struct Contents {
  std::uint64_t step = 0, seed = 0;
  std::vector<TableSpec> tables;
  std::optional<TrainingProgress> progress;
  std::map<Key, std::vector<float>> rows;
  std::vector<float> dense, dense_accumulators;
  std::string config_toml, transforms_json;
  std::map<int, std::vector<std::byte>> admission;  // by partition
  friend bool operator==(const Contents&, const Contents&) = default;
};

// Throws Error where it is damaged.
Contents Read(const fs::path& dir) {
  const Manifest manifest = ReadManifest(dir);
  Contents contents{.step = manifest.step,
                    .seed = manifest.seed,
                    .tables = manifest.tables,
                    .progress = manifest.progress};
  for (int p = 0; p < Partitions::kFewest; ++p) {
    ReadPartition(dir, manifest, p, [&](std::size_t, Key key, std::span<const float> state) {
      contents.rows[key] = {state.begin(), state.end()};
    });
    if (!HasAdmissionFile(manifest, p)) continue;
    const Buffer counters = ReadAdmissionFile(dir, manifest, p);
    contents.admission[p] = {counters.bytes().begin(), counters.bytes().end()};
  }
  DenseState dense = ReadDense(dir, manifest);
  contents.dense = std::move(dense.values);
  contents.dense_accumulators = std::move(dense.state);
  contents.config_toml = ReadTextFile(dir, manifest, "config.toml");
  contents.transforms_json = ReadTextFile(dir, manifest, "transforms.json");
  return contents;
}

// Every operation is tried; under sanitizers, which are there to find other faults, every fifth.
constexpr std::size_t kStride = FATHOM_DISK_STRIDE;

Config MakeConfig(int admission_count) {
  Config config;
  config.train.batch_size = 1;
  config.checkpoint.every_steps = 1;
  config.checkpoint.keep = 1;
  config.cluster.servers = kServers;
  config.cluster.workers = 1;
  config.server.admission_count = admission_count;
  config.server.admission_filter = "64kB";
  return config;
}

// A run as the disk sees it: everything changes from step to step, and there are checkpoints of it.
class DiskRun {
 public:
  explicit DiskRun(const fs::path& output, int admission_count = 1)
      : output_(output),
        config_(MakeConfig(admission_count)),
        context_{{{.checkpoint_dir = output / "checkpoints"}, config_, spec_, layout_, 100},
                 transport_},
        schedule_(config_, 100),
        checkpoints_(context_, schedule_) {
    for (int s = 0; s < kServers; ++s)
      parts_.push_back(std::make_unique<ShardPart>(config_, spec_, s, kServers));
  }

  // The first step creates the rows, each after it changes some.
  void Change(std::uint64_t step) {
    const std::uint64_t end_row = step == 1 ? kRows : kRows / 10 * step;
    for (auto& part : parts_) {
      part->Touch(0, 0, end_row);
      const std::vector<float> gradient(part->dense.values().size(), static_cast<float>(step));
      part->dense.Update(step, 1, std::vector<DenseGradient>{{0, gradient}});
      if (!part->admission.on()) continue;
      for (std::uint64_t i = 0; i < kRows; ++i) {
        const Key key = Mix64(step, i);
        if (Partitions().Of(key) >= part->first && Partitions().Of(key) < part->end)
          part->admission.Count(0, {&key, 1});
      }
    }
  }

  CheckpointReport Save(std::uint64_t step, bool last = false) {
    const SaveRequest request = checkpoints_.Begin(step, last);
    const CheckpointDir dir(context_.checkpoint_dir);
    for (int s = 0; s < kServers; ++s) {
      const auto& part = parts_[static_cast<std::size_t>(s)];
      SavedMessage saved;
      try {
        saved = part->files.SaveCheckpoint(
            FolderOutput(dir.Partial(step), dir.Complete(request.base_step)), step,
            request.has_base ? std::optional(request.base_step) : std::nullopt, [] {});
      } catch (const Error& error) {
        saved.failure = error.what();
      }
      checkpoints_.Add(s, std::move(saved));
    }
    return checkpoints_.Finish(
        {.config_toml = fmt::format("# as of step {}\n", step),
         .transforms_json = fmt::format("{{\"step\": {}}}", step)},
        {.examples = step, .loss_sum = 0.5 * static_cast<double>(step), .data = "data"});
  }

  CheckpointDir dir() const { return CheckpointDir(output_ / "checkpoints"); }

 private:
  fs::path output_;
  Config config_;
  ModelSpec spec_ = [] {
    ModelSpec spec;
    spec.tables = {{.name = "wide_deep2", .wide = true, .dim = 2}};
    spec.dense_floats = 32;
    return spec;
  }();
  Layout layout_ = MakeLayout({"here"}, config_.cluster);
  InProcessTransport transport_{static_cast<int>(layout_.roles.size())};
  RunContext context_;
  Schedule schedule_;
  Checkpoints checkpoints_;
  std::vector<std::unique_ptr<ShardPart>> parts_;
};

// What a checkpoint of a step holds where the disk does nothing odd, and no checkpoint is built
// upon another.
const Contents& Expected(std::uint64_t step) {
  static std::map<std::uint64_t, Contents> known;
  const auto [place, is_new] = known.try_emplace(step);
  if (is_new) {
    const ScratchDir scratch;
    DiskRun run(scratch.path());
    for (std::uint64_t s = 1; s <= step; ++s) run.Change(s);
    EXPECT_EQ(run.Save(step).failure, "");
    place->second = Read(run.dir().Complete(step));
  }
  return place->second;
}

TEST(CheckpointDisk, EveryPartOfItChangesFromStepToStep) {
  const Contents &first = Expected(1), &second = Expected(2);
  EXPECT_EQ(first.step, 1U);
  EXPECT_EQ(first.rows.size(), kRows);
  EXPECT_EQ(second.rows.size(), kRows);
  EXPECT_NE(first.rows, second.rows);
  EXPECT_NE(first.dense, second.dense);
  EXPECT_NE(first.dense_accumulators, second.dense_accumulators);
  EXPECT_EQ(first.config_toml, "# as of step 1\n");
  EXPECT_EQ(second.transforms_json, "{\"step\": 2}");
  EXPECT_EQ(second.progress, (TrainingProgress{.examples = 2, .loss_sum = 1, .data = "data"}));
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
    EXPECT_TRUE(Read(run.dir().Complete(step)) == Expected(step)) << "operation " << fail_at;
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
  EXPECT_TRUE(Read(run.dir().Complete(3)) == Expected(3)) << "after operation " << fail_at;
  for (const auto& entry : fs::directory_iterator(run.dir().path()))
    EXPECT_NE(entry.path().extension(), ".partial") << "left behind after operation " << fail_at;
  return true;
}

TEST(CheckpointDisk, EveryOperationFailsOnceWithAnInputOutputError) {
  std::size_t operations = 0;
  while (SecondCheckpointFails(operations, EIO)) operations += kStride;
  EXPECT_GT(operations, static_cast<std::size_t>(Partitions::kFewest));
}

TEST(CheckpointDisk, EveryOperationFailsOnceForWantOfSpace) {
  std::size_t operations = 0;
  while (SecondCheckpointFails(operations, ENOSPC)) operations += kStride;
  EXPECT_GT(operations, static_cast<std::size_t>(Partitions::kFewest));
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
  EXPECT_TRUE(Read(run.dir().Complete(2)) == Expected(2));
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(run.dir().Complete(2))) {
    EXPECT_EQ(entry.hard_link_count(), 1U) << entry.path();
    if (entry.path().filename().string().starts_with("rows-")) bytes += entry.file_size();
  }
  EXPECT_EQ(report.bytes_written, bytes);
}

// G13.
TEST(CheckpointDisk, ABaseThatWasRemovedOrMovedByHandMeansAWholeOneNext) {
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
    EXPECT_TRUE(Read(run.dir().Complete(2)) == Expected(2));
    if (moved) {
      EXPECT_TRUE(Read(scratch.path() / "mine") == Expected(1));
    }
  }
}

// G13: of a chain of files some were linked before one is missed. The base keeps what it has.
TEST(CheckpointDisk, ABaseThatLostSomeFilesMeansAWholePartition) {
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
  EXPECT_TRUE(Read(run.dir().Complete(3)) == Expected(3));
  for (const auto& [file, bytes] : sizes) EXPECT_EQ(fs::file_size(file), bytes) << file;
  EXPECT_TRUE(Read(scratch.path() / "kept") == Expected(2));
  const Manifest manifest = ReadManifest(run.dir().Complete(3));
  const auto files = std::distance(fs::directory_iterator(run.dir().Complete(3)), {});
  EXPECT_EQ(static_cast<std::size_t>(files), manifest.files.size() + 1) << "one that is not named";
}

TEST(CheckpointDisk, ShortWritesAreFinished) {
  const ScratchDir scratch;
  RecordedDisk disk(scratch.path());
  DiskRun run(scratch.path());
  run.Change(1);
  disk.ShortWritesFrom(0);
  EXPECT_EQ(run.Save(1).failure, "");
  EXPECT_GT(disk.short_writes(), static_cast<std::size_t>(Partitions::kFewest) / 2);
  EXPECT_TRUE(Read(run.dir().Complete(1)) == Expected(1));
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
  EXPECT_TRUE(Read(run.dir().Complete(1)) == Expected(1));
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

// Files of changes stay fewer and smaller than what they change, and where nothing has changed
// little is written.
TEST(CheckpointDisk, ChangesAreWrittenOnceAndDoNotPileUp) {
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
    for (int p = 0; p < Partitions::kFewest; ++p) {
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

TEST(CheckpointDisk, TheCheckpointOfAStopMustSucceed) {
  const ScratchDir scratch;
  RecordedDisk disk(scratch.path());
  DiskRun run(scratch.path());
  run.Change(1);
  disk.FailAt(disk.operations() + 10, EIO);
  ExpectError(ExitCode::kModel, {"asked to stop", "could not be written"},
              [&] { run.Save(1, true); });
}

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
        ASSERT_TRUE(Read(dir.Complete(step)) == Expected(step)) << "after change " << changes;
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
    good_ = Read(dir_);
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
      EXPECT_TRUE(Read(dir_) == good_) << name << ", byte " << byte;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kModel) << error.what();
      EXPECT_NE(std::string(error.what()).find((dir_ / "").string()), std::string::npos)
          << error.what();
    }
  }

  ScratchDir scratch_;
  fs::path dir_;
  Contents good_;
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
    ExpectError(ExitCode::kModel, {name.c_str()}, [&] { Read(dir_); });
    Write(dir_ / name, bytes.substr(0, bytes.size() / 2));
    ExpectError(ExitCode::kModel, {name.c_str()}, [&] { Read(dir_); });
    if (name != "manifest.json") {
      Write(dir_ / name, bytes + 'x');
      ExpectError(ExitCode::kModel, {name.c_str()}, [&] { Read(dir_); });
    }
    Write(dir_ / name, bytes);
  }
  EXPECT_TRUE(Read(dir_) == good_);
}

// G32. Nobody writes to the FIFO: whoever waits, waits for ever.
TEST_F(DamagedCheckpoint, EachFileIsAFifo) {
  for (const std::string& name : Names()) {
    fs::rename(dir_ / name, scratch_.path() / "aside");
    ASSERT_EQ(mkfifo((dir_ / name).c_str(), 0600), 0);
    ExpectError(ExitCode::kModel, {name.c_str(), "no plain file"}, [&] { Read(dir_); });
    fs::remove(dir_ / name);
    fs::rename(scratch_.path() / "aside", dir_ / name);
  }
  EXPECT_TRUE(Read(dir_) == good_);
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
  for (int p = 0; p < Partitions::kFewest; ++p) {
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
  EXPECT_EQ(whole, static_cast<std::size_t>(Partitions::kFewest));
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
