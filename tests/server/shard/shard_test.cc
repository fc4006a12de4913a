#include "server/shard/shard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <limits>
#include <map>
#include <string>

#include "common/bfloat16.h"
#include "common/error.h"
#include "common/message/rows_message.h"
#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "common/model/model_text.h"
#include "common/model/partition_file.h"
#include "common/model/row_state.h"
#include "tests/server/simulated_step.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ScratchDir;

constexpr std::size_t kDenseFloats = 96;
constexpr int kSteps = 3;

ModelSpec Spec() {
  ModelSpec spec;
  spec.tables = {{.name = "wide", .wide = true, .dim = 0, .row_wise = true},
                 {.name = "wide_deep5", .wide = true, .dim = 5, .row_wise = true}};
  spec.dense_floats = kDenseFloats;
  return spec;
}

Config MakeConfig() {
  Config config;
  config.wide.Set("l1", 1e-4);
  config.deep.l2 = 1e-3;
  return config;
}

PendingPull DecodeAndFind(Shard* shard, Buffer payload, int server, int servers) {
  PullMessage message =
      DecodePull(payload.bytes(), Spec().tables.size(), Partitions(), server, servers);
  return shard->Find(std::move(payload), std::move(message));
}

// One step of one server, pulls and pushes of all workers included.
void TakeStep(std::uint64_t number, const SimulatedStep& step, int workers, int server, int servers,
              Shard* shard) {
  std::vector<WorkerGradients> gradients;
  for (int w = 0; w < workers; ++w) {
    PendingPull pull =
        DecodeAndFind(shard, step.Pull(w, workers, server, servers), server, servers);
    std::vector<std::size_t> pulled;
    for (const auto& keys : pull.message.keys) pulled.push_back(keys.size());
    Buffer payload = step.Push(w, workers, server, servers);
    PushMessage push = DecodePush(payload.bytes(), step.tables(), pulled, shard->dense_floats());
    gradients.push_back({std::move(pull), std::move(payload), std::move(push)});
  }
  shard->Update({.step = number, .examples = 1, .slices = step.slices()}, gradients);
}

std::map<std::string, std::string> FilesIn(const std::filesystem::path& dir) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    std::ifstream in(entry.path(), std::ios::binary);
    files[entry.path().filename()] = std::string(std::istreambuf_iterator<char>(in), {});
  }
  return files;
}

// Trains a few steps on `servers` shards with `workers` workers each and saves them.
Manifest TrainAndSave(const ModelSpec& spec, const Config& config, int servers, int workers,
                      const std::filesystem::path& dir) {
  Manifest manifest{
      .step = kSteps, .seed = 1, .tables = spec.tables, .dense_floats = kDenseFloats, .files = {}};
  CreateDense(dir, kDenseFloats, 1);
  for (int s = 0; s < servers; ++s) {
    Shard shard(config, spec, s, servers);
    for (int number = 0; number < kSteps; ++number) {
      const SimulatedStep step(spec.tables, kDenseFloats, 7,
                               100 + static_cast<std::uint64_t>(number) % 2);
      TakeStep(static_cast<std::uint64_t>(number), step, workers, s, servers, &shard);
    }
    SavedMessage saved = shard.files().SaveModel(FolderOutput(dir), [] {});
    for (auto& file : saved.files) manifest.files.push_back(std::move(file));
  }
  manifest.files.push_back(FinishDense(dir, kDenseFloats, 1));
  std::sort(manifest.files.begin(), manifest.files.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  WriteManifest(dir, manifest);
  return manifest;
}

TEST(Shard, ModelIsTheSameBytesForAnyNumberOfServersAndWorkers) {
  const ModelSpec spec = Spec();
  const Config config = MakeConfig();
  const ScratchDir reference_dir;
  TrainAndSave(spec, config, 1, 1, reference_dir.path());
  const auto reference = FilesIn(reference_dir.path());
  EXPECT_EQ(reference.size(), Partitions::kFewest + 2U);
  for (const auto& [servers, workers] : {std::pair{1, 9}, std::pair{5, 2}}) {
    const ScratchDir dir;
    TrainAndSave(spec, config, servers, workers, dir.path());
    const auto files = FilesIn(dir.path());
    ASSERT_EQ(files.size(), reference.size());
    for (const auto& [name, bytes] : reference) {
      EXPECT_TRUE(files.at(name) == bytes)
          << name << " with " << servers << " servers, " << workers << " workers";
    }
  }
}

// One partition may take a slow disk longer than the peers' patience.
TEST(Shard, ASaveShowsSignsOfLifeWithinAFile) {
  ModelSpec spec = Spec();
  spec.dense_floats = kDenseFloats;
  const Config config = MakeConfig();
  SlabArena arena;
  const AdmissionFilter admission(config, 0, Partitions::kFewest);
  const DenseTable dense(config, spec, 0, 1);
  std::deque<SparseTable> tables;
  for (const TableSpec& table : spec.tables)
    tables.emplace_back(table, config, 0, Partitions::kFewest, &arena);
  constexpr Key kRows = 100000;
  for (Key key = 1; key <= kRows; ++key) tables[0].RestoreValues(key, 1, {}, {});
  ASSERT_EQ(tables[0].RowsOf(0), kRows);
  ShardFiles files(spec.tables, tables, dense, arena, admission, Partitions(), 0,
                   Partitions::kFewest);
  const ScratchDir dir;
  CreateDense(dir.path(), kDenseFloats, 1);
  int signs = 0;
  files.SaveModel(FolderOutput(dir.path()), [&] { ++signs; });
  EXPECT_GE(signs, Partitions::kFewest + 20);
}

TEST(Shard, LoadedModelAnswersAsTheTrainedOne) {
  const ModelSpec spec = Spec();
  const Config config = MakeConfig();
  const ScratchDir dir;
  TrainAndSave(spec, config, 3, 2, dir.path());
  Shard trained(config, spec, 0, 1);
  const SimulatedStep first(spec.tables, kDenseFloats, 7, 100);
  const SimulatedStep second(spec.tables, kDenseFloats, 7, 101);
  TakeStep(0, first, 1, 0, 1, &trained);
  TakeStep(1, second, 1, 0, 1, &trained);
  TakeStep(2, first, 1, 0, 1, &trained);
  Shard loaded(config, spec, 0, 1);
  loaded.Load(dir.path(), [] {});
  const SimulatedStep unknown(spec.tables, kDenseFloats, 7, 555);
  for (const SimulatedStep* step : {&first, &second, &unknown}) {
    const Buffer expected =
        trained.EncodeRows(DecodeAndFind(&trained, step->Pull(0, 1, 0, 1), 0, 1));
    const Buffer answer = loaded.EncodeRows(DecodeAndFind(&loaded, step->Pull(0, 1, 0, 1), 0, 1));
    EXPECT_TRUE(std::ranges::equal(answer.bytes(), expected.bytes()));
  }
}

TEST(Shard, LoadRefusesAModelOfAnotherShape) {
  const ScratchDir dir;
  TrainAndSave(Spec(), MakeConfig(), 1, 1, dir.path());
  ModelSpec other = Spec();
  other.tables[1].dim = 6;
  const Config config;
  Shard shard(config, other, 0, 1);
  ExpectError(ExitCode::kModel, {dir.path().c_str(), "tables"},
              [&] { shard.Load(dir.path(), [] {}); });
}

TEST(Shard, LoadRefusesADamagedPartition) {
  const ScratchDir dir;
  const Manifest manifest = TrainAndSave(Spec(), MakeConfig(), 1, 1, dir.path());
  const auto largest = std::max_element(
      manifest.files.begin(), manifest.files.end(), [](const auto& a, const auto& b) {
        return (a.rows.empty() ? 0 : a.bytes) < (b.rows.empty() ? 0 : b.bytes);
      });
  {
    std::fstream file(dir.path() / largest->name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(largest->bytes / 2));
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(static_cast<std::streamoff>(largest->bytes / 2));
    file.put(byte);
  }
  const Config config;
  const ModelSpec spec = Spec();
  Shard shard(config, spec, 0, 1);
  ExpectError(ExitCode::kModel, {largest->name.c_str()}, [&] { shard.Load(dir.path(), [] {}); });
}

TEST(Shard, AnswerHasTheDenseRangeOnlyIfAsked) {
  const ModelSpec spec = Spec();
  const Config config;
  Shard shard(config, spec, 1, 3);
  for (const bool wants : {false, true}) {
    PendingPull pull = DecodeAndFind(
        &shard, EncodePull({.will_push = false, .wants_dense = wants, .keys = {{}, {}}}), 1, 3);
    const Buffer payload = shard.EncodeRows(pull);
    EXPECT_EQ(DecodeRows(payload.bytes(), spec.tables).dense.size(), wants ? 32U : 0U);
  }
}

// To train on, a key without a row has its initial values.
TEST(Shard, AKeyWithoutARowScoresAsZeros) {
  ModelSpec spec = Spec();
  spec.row_format = RowFormat::kBfloat16;
  Shard shard(MakeConfig(), spec, 0, 1);
  const SimulatedStep known(spec.tables, kDenseFloats, 7, 1);
  TakeStep(0, known, 1, 0, 1, &shard);
  const auto ask = [&](Key key, bool will_push) {
    const std::vector<Key> keys = {key};
    std::vector<std::span<const Key>> by_table(spec.tables.size(), keys);
    return shard.EncodeRows(
        DecodeAndFind(&shard, EncodePull({.will_push = will_push, .keys = by_table}), 0, 1));
  };
  const auto is_zero = [](float value) { return value == 0; };
  const Buffer unknown = ask(12345, false), trained = ask(12345, true);
  const RowsMessage scored = DecodeRows(unknown.bytes(), spec.tables, spec.row_format);
  const RowsMessage initial = DecodeRows(trained.bytes(), spec.tables, spec.row_format);
  for (std::size_t t = 0; t < spec.tables.size(); ++t) {
    EXPECT_EQ(scored.tables[t].has_row[0], 0U);
    EXPECT_TRUE(std::all_of(scored.tables[t].deep.begin(), scored.tables[t].deep.end(), is_zero));
    EXPECT_FALSE(spec.tables[t].dim > 0 && std::all_of(initial.tables[t].deep.begin(),
                                                       initial.tables[t].deep.end(), is_zero));
  }
}

// Known rows and unknown ones.
TEST(Shard, AnswersInBfloat16AreTheFloatsRounded) {
  ModelSpec spec = Spec(), half = Spec();
  half.row_format = RowFormat::kBfloat16;
  const Config config = MakeConfig();
  Shard whole(config, spec, 0, 1), rounded(config, half, 0, 1);
  const SimulatedStep step(spec.tables, kDenseFloats, 7, 1),
      unknown(spec.tables, kDenseFloats, 7, 2);
  TakeStep(0, step, 1, 0, 1, &whole);
  const ScratchDir dir;
  CreateDense(dir.path(), kDenseFloats, 1);
  SavedMessage saved = whole.files().SaveModel(FolderOutput(dir.path()), [] {});
  saved.files.push_back(FinishDense(dir.path(), kDenseFloats, 1));
  WriteManifest(dir.path(), {.step = 1,
                             .seed = 1,
                             .tables = spec.tables,
                             .dense_floats = kDenseFloats,
                             .files = saved.files});
  rounded.Load(dir.path(), [] {});
  for (const SimulatedStep* asked : {&step, &unknown}) {
    const Buffer floats = whole.EncodeRows(DecodeAndFind(&whole, asked->Pull(0, 1, 0, 1), 0, 1));
    const Buffer halves =
        rounded.EncodeRows(DecodeAndFind(&rounded, asked->Pull(0, 1, 0, 1), 0, 1));
    const RowsMessage expected = DecodeRows(floats.bytes(), spec.tables);
    const RowsMessage read = DecodeRows(halves.bytes(), spec.tables, RowFormat::kBfloat16);
    EXPECT_TRUE(std::ranges::equal(read.dense, expected.dense));
    for (std::size_t t = 0; t < spec.tables.size(); ++t) {
      for (const auto part : {&RowsMessage::Table::wide, &RowsMessage::Table::deep}) {
        const auto numbers = read.tables[t].*part, exact = expected.tables[t].*part;
        ASSERT_EQ(numbers.size(), exact.size());
        for (std::size_t i = 0; i < exact.size(); ++i)
          ASSERT_EQ(numbers[i], RoundedToBfloat16(exact[i])) << t << ", " << i;
      }
    }
  }
}

TEST(Shard, FindMissingSeesRowsCreatedSince) {
  const ModelSpec spec = Spec();
  const Config config;
  const SimulatedStep step(spec.tables, kDenseFloats, 4, 1);
  Shard shard(config, spec, 0, 1);
  PendingPull early = DecodeAndFind(&shard, step.Pull(0, 1, 0, 1), 0, 1);
  TakeStep(0, step, 1, 0, 1, &shard);
  shard.FindMissing(&early);
  const PendingPull late = DecodeAndFind(&shard, step.Pull(0, 1, 0, 1), 0, 1);
  EXPECT_EQ(early.rows, late.rows);
  EXPECT_EQ(std::count(late.rows[1].begin(), late.rows[1].end(), nullptr), 0);
}

TEST(Shard, OnlyAPushCreatesRows) {
  const ModelSpec spec = Spec();
  const Config config;
  const ScratchDir dir;
  CreateDense(dir.path(), kDenseFloats, 1);
  Shard shard(config, spec, 0, 1);
  const SimulatedStep step(spec.tables, kDenseFloats, 4, 1);
  DecodeAndFind(&shard, step.Pull(0, 1, 0, 1), 0, 1);
  EXPECT_EQ(shard.files().SaveModel(FolderOutput(dir.path()), [] {}).tables[0].rows, 0U);
  TakeStep(0, step, 1, 0, 1, &shard);
  EXPECT_EQ(shard.files().SaveModel(FolderOutput(dir.path()), [] {}).tables[0].rows,
            step.Keys(0, 1, 0, 1)[0].size());
}

// However many workers name a key in one step, it counts once.
TEST(Shard, AKeyGetsItsRowInTheStepThatMakesItsCountFull) {
  const ModelSpec spec = Spec();
  Config config;
  config.server.admission_count = 3;
  for (const int workers : {1, 5}) {
    const ScratchDir dir;
    CreateDense(dir.path(), kDenseFloats, 1);
    Shard shard(config, spec, 0, 1);
    const SimulatedStep step(spec.tables, kDenseFloats, 7, 1);
    const std::size_t keys = step.Keys(0, 1, 0, 1)[1].size();
    for (std::uint64_t number = 0; number < 4; ++number) {
      TakeStep(number, step, workers, 0, 1, &shard);
      const TableStatistics table =
          shard.files().SaveModel(FolderOutput(dir.path()), [] {}).tables[1];
      EXPECT_EQ(table.rows, number < 2 ? 0 : keys) << number << ", " << workers;
      EXPECT_EQ(table.refused_updates, std::min<std::uint64_t>(number + 1, 2) * keys);
    }
  }
}

TEST(Shard, ACheckpointWithoutItsFilterIsRefused) {
  const ModelSpec spec = Spec();
  Config config = MakeConfig();
  const ScratchDir dir;
  Manifest manifest = TrainAndSave(spec, config, 1, 1, dir.path());
  config.server.admission_count = 2;
  Shard(config, spec, 0, 1).Load(dir.path(), [] {});  // of a model nobody goes on
  manifest.progress = TrainingProgress{};
  WriteManifest(dir.path(), manifest);
  Shard shard(config, spec, 0, 1);
  ExpectError(ExitCode::kModel, {"admission-00.bin"}, [&] { shard.Load(dir.path(), [] {}); });
}

// Steps begin anew: also those of rows that the new run does not name.
TEST(Shard, AWarmStartTakesTheRowsAndForgetsWhenTheyWereUpdated) {
  ModelSpec spec = Spec();
  spec.fields = {{.name = "user", .table = 0, .wide = true},
                 {.name = "item", .table = 1, .wide = true, .dim = 5}};
  for (TableSpec& table : spec.tables) table.last_step = true;
  const Config config = MakeConfig();
  const ScratchDir old_dir, dir;
  const Manifest old = TrainAndSave(spec, config, 1, 1, old_dir.path());
  Shard shard(config, spec, 0, 1);
  shard.WarmStart(old_dir.path(), {.spec = spec, .wide = config.wide}, true, [] {});
  CreateDense(dir.path(), kDenseFloats, 1);
  Manifest manifest = old;
  manifest.files = shard.files().SaveModel(FolderOutput(dir.path()), [] {}).files;
  manifest.files.push_back(FinishDense(dir.path(), kDenseFloats, 1));
  using Rows = std::map<std::pair<std::size_t, Key>, std::vector<float>>;
  const auto rows_of = [&](const std::filesystem::path& from, const Manifest& files, bool forget) {
    Rows rows;
    std::uint32_t newest = 0;
    for (int p = 0; p < Partitions::kFewest; ++p) {
      ReadPartition(from, files, p, [&](std::size_t t, Key key, std::span<const float> state) {
        std::vector<float> row(state.begin(), state.end());
        newest = std::max(newest, LastStepOf(spec.tables[t], row.data()));
        if (forget) SetLastStep(spec.tables[t], 0, row.data());
        rows[{t, key}] = row;
      });
    }
    EXPECT_EQ(newest, forget ? kSteps - 1 : 0U);
    return rows;
  };
  const Rows expected = rows_of(old_dir.path(), old, true);
  EXPECT_GT(expected.size(), 100U);
  EXPECT_EQ(rows_of(dir.path(), manifest, false), expected);
}

void ExpectNumericError(const SimulatedStep& step, const std::string& what) {
  const ModelSpec spec = Spec();
  const Config config;
  Shard shard(config, spec, 0, 1);
  ExpectError(ExitCode::kNumeric, {what.c_str()}, [&] { TakeStep(41, step, 2, 0, 1, &shard); });
}

TEST(Shard, WideGradientThatIsNotANumberNamesTableKeyAndStep) {
  SimulatedStep step(Spec().tables, kDenseFloats, 4, 1);
  step.Spoil(0, 2, 0, std::numeric_limits<float>::quiet_NaN());
  ExpectNumericError(
      step, fmt::format("step 41: table wide, key {:016x}: the gradient of the wide weight is nan",
                        step.FirstKey(0, 2)));
}

TEST(Shard, InfiniteDeepGradientNamesTableKeyElementAndStep) {
  SimulatedStep step(Spec().tables, kDenseFloats, 4, 1);
  step.Spoil(1, 3, 4, -std::numeric_limits<float>::infinity());  // element 0 is the wide weight
  ExpectNumericError(
      step,
      fmt::format(
          "step 41: table wide_deep5, key {:016x}: the gradient of embedding element 3 is -inf",
          step.FirstKey(1, 3)));
}

}  // namespace
}  // namespace fathom
