// Checkpoints and going on from them: the same bits as a run that was left alone.
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "common/model/model_compare.h"
#include "common/model/partition_file.h"
#include "common/model/row_state.h"
#include "common/run/checkpoint_dir.h"
#include "launcher/synthetic/generate_books.h"
#include "server/update_rule/update_rule.h"
#include "tests/support/embedded_run.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::EmbeddedResult;
using testing::ExpectError;
namespace fs = std::filesystem;

// 3000 ratings, 80 % of them to train on, batches of 160, two epochs: about 30 steps.
class ResumeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new testing::ScratchDir;
    GenerateBooks(3000, 1, dir_->path() / "data");
    Train("whole", {});
  }
  static void TearDownTestSuite() { delete dir_; }

  static EmbeddedResult Train(
      const std::string& name, const std::vector<std::string>& overrides,
      std::function<bool()> stop_asked = [] { return false; }) {
    return testing::TrainEmbedded(testing::BooksConfig(dir_->path() / "data", overrides),
                                  dir_->path() / "packed", dir_->path() / name,
                                  std::move(stop_asked));
  }

  static fs::path Model(const std::string& name) { return dir_->path() / name / "model"; }
  static CheckpointDir Checkpoints(const std::string& name) {
    return CheckpointDir(dir_->path() / name / "checkpoints");
  }

  // Goes on from the checkpoint of `step` in a copy of the folder, with other overrides.
  static EmbeddedResult GoOn(const std::string& from, std::uint64_t step, const std::string& name,
                             std::vector<std::string> overrides) {
    overrides.push_back("resume=" + Checkpoints(from).Complete(step).string());
    return Train(name, overrides);
  }

  void TearDown() override {
    for (const char* name : {"run", "other"}) fs::remove_all(dir_->path() / name);
  }

  static testing::ScratchDir* dir_;
};

testing::ScratchDir* ResumeTest::dir_ = nullptr;

TEST_F(ResumeTest, WritingCheckpointsChangesNothing) {
  const auto run = Train("run", {"checkpoint.every_steps=1", "checkpoint.keep=3"});
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
  const std::uint64_t steps = run.result.report.steps;
  EXPECT_EQ(Checkpoints("run").Steps(),
            (std::vector<std::uint64_t>{steps - 3, steps - 2, steps - 1}));
  EXPECT_EQ(run.result.report.checkpoints, steps - 1);
  EXPECT_EQ(run.result.report.checkpoints_failed, 0U);
}

// Step and metrics of each evaluation from `first_step` on.
std::vector<nlohmann::json> Evaluations(const EmbeddedResult& run, std::uint64_t first_step) {
  std::vector<nlohmann::json> evaluations;
  for (const std::string& text : run.metrics) {
    auto line = nlohmann::json::parse(text);
    if (line["event"] != "evaluation" || line["step"] < first_step) continue;
    line.erase("training_seconds");
    evaluations.push_back(std::move(line));
  }
  return evaluations;
}

// The checkpoints that hold only changes are read back with the whole files below them. A
// checkpoint is written before the model that it holds is evaluated.
TEST_F(ResumeTest, FromEveryCheckpoint) {
  const std::string evaluate = "evaluate.every_steps=6";
  const auto whole = Train(
      "run", {"checkpoint.every_steps=3", "checkpoint.keep=100", "cluster.servers=2", evaluate});
  const auto steps = Checkpoints("run").Steps();
  ASSERT_GE(steps.size(), 8U);
  std::size_t with_changes = 0;
  for (const std::uint64_t step : steps) {
    SCOPED_TRACE(step);
    const Manifest manifest = ReadManifest(Checkpoints("run").Complete(step));
    with_changes += manifest.files.size() > Partitions::kFewest + 3 ? 1 : 0;
    const auto rest = GoOn("run", step, "other", {evaluate});
    EXPECT_EQ(CompareModels(Model("whole"), Model("other")), "");
    EXPECT_EQ(Evaluations(rest, 0), Evaluations(whole, step));
    EXPECT_EQ(rest.result.report.examples, whole.result.report.examples);
    EXPECT_EQ(rest.result.report.progressive_logloss, whole.result.report.progressive_logloss);
    EXPECT_EQ(rest.result.report.metrics.auc, whole.result.report.metrics.auc);
  }
  EXPECT_GT(with_changes, 0U) << "no checkpoint was built upon the one before";
  EXPECT_GE(Evaluations(whole, 0).size(), 5U);
}

TEST_F(ResumeTest, RowsInBfloat16) {
  const std::string precision = "deep.precision=bfloat16";
  Train("run", {precision, "checkpoint.every_steps=11", "cluster.servers=2"});
  Train("other",
        {precision, "cluster.workers=3",
         "resume=" + Checkpoints("run").Complete(Checkpoints("run").Steps().front()).string()});
  EXPECT_EQ(CompareModels(Model("run"), Model("other")), "");
  const std::string difference = CompareModels(Model("run"), Model("whole"));
  EXPECT_NE(difference.find("B a row"), std::string::npos) << difference;
}

TEST_F(ResumeTest, WithOtherUpdateRules) {
  for (const char* rule : {"adam", "sgd"}) {
    std::vector<std::string> overrides = {"cluster.servers=2"};
    for (const char* part : {"wide", "deep", "dense"})
      overrides.push_back(fmt::format("{}.optimizer={}", part, rule));
    auto checkpointed = overrides;
    checkpointed.emplace_back("checkpoint.every_steps=11");
    checkpointed.emplace_back("resume=restart");
    Train("run", checkpointed);
    for (const std::uint64_t step : Checkpoints("run").Steps()) {
      auto rest = overrides;
      rest.emplace_back("cluster.workers=3");
      GoOn("run", step, "other", rest);
      EXPECT_EQ(CompareModels(Model("run"), Model("other")), "") << rule << " " << step;
    }
    const std::string newest =
        "resume=" + Checkpoints("run").Complete(Checkpoints("run").Steps().back()).string();
    ExpectError(ExitCode::kUsage, {"optimizer", rule, "warm_start.model"},
                [&] { Train("other", {newest}); });
  }
}

TEST_F(ResumeTest, WithFm) {
  const std::vector<std::string> fm = {"model.fm=true", "column.book.dim=4"};
  const auto with = [&](std::vector<std::string> overrides) {
    overrides.insert(overrides.end(), fm.begin(), fm.end());
    return overrides;
  };
  Train("run", with({"checkpoint.every_steps=11", "cluster.servers=2"}));
  const std::uint64_t step = Checkpoints("run").Steps().front();
  GoOn("run", step, "other", with({"cluster.workers=3"}));
  EXPECT_EQ(CompareModels(Model("run"), Model("other")), "");
  ExpectError(ExitCode::kUsage, {"fm = true", "fm = false"},
              [&] { GoOn("run", step, "other", {"column.book.dim=4"}); });
}

TEST_F(ResumeTest, OnAnyLayout) {
  Train("run", {"checkpoint.every_steps=11", "checkpoint.keep=1"});
  const std::uint64_t step = Checkpoints("run").Steps().at(0);
  for (const std::vector<std::string>& layout :
       {std::vector<std::string>{"cluster.servers=2", "cluster.workers=3"},
        {"cluster.servers=5", "cluster.threads=2"},
        {"cluster.servers=3", "cluster.workers=2", "cluster.transport=tcp"}}) {
    GoOn("run", step, "other", layout);
    EXPECT_EQ(CompareModels(Model("whole"), Model("other")), "") << layout.front();
  }
}

// Its first checkpoint has nothing beside it that it could be built upon.
// A table that is full gets room by more partitions, and its checkpoint is gone on from.
TEST_F(ResumeTest, OnOtherPartitions) {
  const auto partitions = [](int number) { return fmt::format("server.partitions={}", number); };
  Train("run", {partitions(256), "checkpoint.every_steps=7", "checkpoint.keep=10",
                "cluster.servers=5", "cluster.workers=2"});
  const std::uint64_t step = Checkpoints("run").Steps().at(1);
  for (const int other : {256, 64, 1024}) {
    GoOn("run", step, "other",
         {partitions(other), "cluster.servers=3", "checkpoint.every_steps=5"});
    EXPECT_EQ(CompareModels(Model("whole"), Model("other")), "") << other;
    EXPECT_EQ(ReadManifest(Model("other")).partitions.count(), other);
    const std::uint64_t last = Checkpoints("other").Steps().back();
    GoOn("other", last, "third", {"cluster.servers=2"});
    EXPECT_EQ(CompareModels(Model("whole"), Model("third")), "") << other;
    for (const char* name : {"other", "third"}) fs::remove_all(dir_->path() / name);
  }
}

// With these settings what is trained depends on the partitions.
TEST_F(ResumeTest, OtherPartitionsThanThoseThatAreCountedInAreRefused) {
  const std::vector<std::string> counted = {"server.admission_count=2", "checkpoint.every_steps=7"};
  Train("run", counted);
  const std::uint64_t step = Checkpoints("run").Steps().front();
  ExpectError(ExitCode::kUsage, {"partitions = 64", "the config says \"partitions = 128\""}, [&] {
    GoOn("run", step, "other", {counted[0], "server.partitions=128"});
  });
}

TEST_F(ResumeTest, WarmStartFromOtherPartitions) {
  Train("run", {"server.partitions=128", "cluster.servers=2"});
  for (const char* from : {"whole", "run"}) {
    for (const char* to : {"64", "128"}) {
      Train(std::string(from) + to, {"warm_start.model=" + Model(from).string(),
                                     std::string("server.partitions=") + to, "cluster.servers=3"});
    }
  }
  EXPECT_EQ(CompareModels(Model("whole64"), Model("run64")), "");
  EXPECT_EQ(CompareModels(Model("whole64"), Model("run128")), "");
  EXPECT_EQ(CompareModels(Model("whole64"), Model("whole128")), "");
}

TEST_F(ResumeTest, FromACheckpointInAnotherFolderWithCheckpointsOfItsOwn) {
  Train("run", {"checkpoint.every_steps=11", "checkpoint.keep=1"});
  const std::uint64_t step = Checkpoints("run").Steps().at(0);
  const auto rest = GoOn("run", step, "other", {"checkpoint.every_steps=2", "cluster.servers=2"});
  EXPECT_GT(rest.result.report.checkpoints, 2U);
  EXPECT_EQ(rest.result.report.checkpoints_failed, 0U);
  GoOn("other", Checkpoints("other").Steps().back(), "run", {});
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
}

TEST_F(ResumeTest, AStoppedRunGoesOnWhereItWasStopped) {
  constexpr const char* kSync = "train.consistency=sync";
  for (const char* mode : {kSync, "train.consistency=bounded", "train.consistency=async"}) {
    SCOPED_TRACE(mode);
    std::atomic<int> asked{0};
    const auto first =
        Train("run", {mode, "cluster.workers=3", "cluster.servers=2"}, [&] { return ++asked > 3; });
    ASSERT_TRUE(first.result.stopped);
    const auto steps = Checkpoints("run").Steps();
    ASSERT_EQ(steps, std::vector<std::uint64_t>{first.result.report.steps});
    const auto rest = Train("run", {mode, "resume=auto", "cluster.workers=2"});
    EXPECT_FALSE(rest.result.stopped);
    EXPECT_EQ(rest.result.report.resumed_at, steps[0]);
    EXPECT_EQ(rest.result.report.steps, ReadManifest(Model("whole")).step);
    if (std::string(mode) == kSync) {
      EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
    }
    fs::remove_all(dir_->path() / "run");
  }
}

// Without every_steps no row is marked as changed, so nothing may be built upon the checkpoint
// before.
TEST_F(ResumeTest, StoppedTwiceTheSecondTimeWithoutASchedule) {
  Train("run", {"checkpoint.every_steps=4", "checkpoint.keep=100"});
  for (const std::uint64_t step : Checkpoints("run").Steps()) {
    if (step > 4) fs::remove_all(Checkpoints("run").Complete(step));
  }
  std::atomic<int> asked{0};
  const auto second = Train("run", {"resume=auto"}, [&] { return ++asked > 2; });
  ASSERT_TRUE(second.result.stopped);
  EXPECT_EQ(Checkpoints("run").Steps().back(), second.result.report.steps);
  Train("run", {"resume=auto"});
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
}

TEST_F(ResumeTest, AutoTakesTheNewestThatIsWhole) {
  Train("run", {"checkpoint.every_steps=5", "checkpoint.keep=3"});
  const auto steps = Checkpoints("run").Steps();
  ASSERT_EQ(steps.size(), 3U);
  const fs::path damaged = Checkpoints("run").Complete(steps[2]);
  fs::resize_file(damaged / "dense.bin", 100);
  const auto rest = Train("run", {"resume=auto"});
  EXPECT_EQ(rest.result.report.resumed_at, steps[1]);
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
}

// G14: a manifest that says another step than its folder, with a checksum of itself that is right.
TEST_F(ResumeTest, AManifestsStepIsItsFolders) {
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
TEST_F(ResumeTest, AWholeOneThatHasNotGotItsName) {
  Train("run", {"checkpoint.every_steps=10"});
  const std::uint64_t step = Checkpoints("run").Steps().back();
  fs::rename(Checkpoints("run").Complete(step), Checkpoints("run").Partial(step));
  EXPECT_EQ(Train("run", {"resume=auto"}).result.report.resumed_at, step);
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
}

TEST_F(ResumeTest, AutoWithoutACheckpointBeginsAnew) {
  const auto run = Train("run", {"resume=auto"});
  EXPECT_EQ(run.result.report.resumed_at, 0U);
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
}

TEST_F(ResumeTest, AutoWithoutAWholeOneIsRefused) {
  Train("run", {"checkpoint.every_steps=10"});
  for (const std::uint64_t step : Checkpoints("run").Steps())
    fs::remove(Checkpoints("run").Complete(step) / "rows-07.bin");
  ExpectError(ExitCode::kModel, {"none of the", "resume=restart"},
              [] { Train("run", {"resume=auto"}); });
}

using Steps = std::vector<std::uint64_t>;

TEST_F(ResumeTest, F8ARunThatBeginsAnewBesideCheckpointsAsksForAWord) {
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

TEST_F(ResumeTest, F8RestartWhereThereAreNoneIsAPlainStart) {
  Train("run", {"resume=restart"});
  EXPECT_FALSE(fs::exists(Checkpoints("run").path()));
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
}

TEST_F(ResumeTest, AWarmStartFromOneThatIsPutAside) {
  Train("run", {"checkpoint.every_steps=10"});
  const auto run = Train(
      "run", {"resume=restart", "warm_start.model=" + Checkpoints("run").Complete(20).string()});
  EXPECT_EQ(run.result.report.resumed_at, 0U);
  EXPECT_NE(CompareModels(Model("whole"), Model("run")), "");
}

TEST_F(ResumeTest, G3GoingOnFromAnEarlierOnePutsTheLaterOnesAside) {
  Train("run", {"checkpoint.every_steps=5", "checkpoint.keep=5"});
  ASSERT_EQ(Checkpoints("run").Steps(), (Steps{10, 15, 20, 25, 30}));
  GoOn("run", 10, "run", {"checkpoint.every_steps=5", "checkpoint.keep=1"});
  EXPECT_EQ(Checkpoints("run").Steps(), (Steps{10, 30})) << "its source and its newest";
  EXPECT_EQ(CheckpointDir(Checkpoints("run").path() / "old-1").Steps(), (Steps{15, 20, 25, 30}));
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
}

TEST_F(ResumeTest, G4ADamagedNewestOneDoesNotPushOutTheGoodOne) {
  Train("run", {"checkpoint.every_steps=5", "checkpoint.keep=2"});
  fs::resize_file(Checkpoints("run").Complete(30) / "dense.bin", 100);
  const auto rest = Train("run", {"resume=auto", "checkpoint.every_steps=7", "checkpoint.keep=1"});
  EXPECT_EQ(rest.result.report.resumed_at, 25U);
  EXPECT_EQ(Checkpoints("run").Steps(), (Steps{25, 28}));
  EXPECT_EQ(CheckpointDir(Checkpoints("run").path() / "old-1").Steps(), Steps{30});
  EXPECT_EQ(CompareModels(Model("whole"), Model("run")), "");
}

TEST_F(ResumeTest, G5WhatIsSomebodyElsesIsNoCheckpoint) {
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

TEST_F(ResumeTest, G6TheAbandonedBranchIsNotGoneOnFrom) {
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

TEST_F(ResumeTest, GoingOnFromElsewherePutsAllAside) {
  Train("run", {"checkpoint.every_steps=10"});
  Train("other", {"checkpoint.every_steps=5", "checkpoint.keep=100"});
  GoOn("run", 20, "other", {"checkpoint.every_steps=9"});
  EXPECT_EQ(Checkpoints("other").Steps(), Steps{27});
  EXPECT_EQ(CheckpointDir(Checkpoints("other").path() / "old-1").Steps(),
            (Steps{5, 10, 15, 20, 25, 30}));
  EXPECT_EQ(CompareModels(Model("whole"), Model("other")), "");
}

TEST_F(ResumeTest, G24BeyondTheEndIsRefusedInPlainWords) {
  Train("run", {"checkpoint.every_steps=10"});
  const auto steps = Checkpoints("run").Steps();
  ExpectError(ExitCode::kUsage, {"step 30", "train.epochs = 1", "step 16"}, [] {
    Train("run", {"resume=auto", "train.epochs=1"});
  });
  EXPECT_EQ(Checkpoints("run").Steps(), steps);
}

// Its last step is that of the checkpoint: nothing is left to train.
TEST_F(ResumeTest, FromACheckpointOfTheLastStep) {
  Train("run", {"checkpoint.every_steps=16"});
  Train("other", {"train.epochs=1"});
  const auto rest = Train("run", {"resume=auto", "train.epochs=1"});
  EXPECT_EQ(rest.result.report.resumed_at, 16U);
  EXPECT_EQ(CompareModels(Model("other"), Model("run")), "");
}

TEST_F(ResumeTest, AnotherConfigIsRefused) {
  Train("run", {"checkpoint.every_steps=10"});
  ExpectError(ExitCode::kUsage, {"learning_rate = 0.1", "learning_rate = 0.2", "warm_start.model"},
              [] {
                Train("run", {"resume=auto", "deep.learning_rate=0.2"});
              });
}

TEST_F(ResumeTest, OtherDataAreRefused) {
  Train("run", {"checkpoint.every_steps=10"});
  const std::uint64_t step = Checkpoints("run").Steps().at(0);
  GenerateBooks(3000, 2, dir_->path() / "other" / "data");
  const Config config = testing::BooksConfig(
      dir_->path() / "other" / "data", {"resume=" + Checkpoints("run").Complete(step).string()});
  ExpectError(ExitCode::kUsage, {"training data", "not those of the checkpoint"}, [&] {
    testing::TrainEmbedded(config, dir_->path() / "other" / "packed", dir_->path() / "other");
  });
}

TEST_F(ResumeTest, AModelIsNoCheckpoint) {
  ExpectError(ExitCode::kModel, {"not a checkpoint", "warm_start.model"},
              [] { Train("run", {"resume=" + Model("whole").string()}); });
}

TEST_F(ResumeTest, MoreEpochsOfTheSameRun) {
  Train("run", {"train.epochs=4", "checkpoint.every_steps=4"});
  Train("other", {"checkpoint.every_steps=4", "checkpoint.keep=100"});
  GoOn("other", Checkpoints("other").Steps().back(), "other", {"train.epochs=4"});
  EXPECT_EQ(CompareModels(Model("run"), Model("other")), "");
}

std::map<Key, std::vector<float>> RowsOf(const fs::path& dir, std::size_t wanted) {
  std::map<Key, std::vector<float>> rows;
  const Manifest manifest = ReadManifest(dir);
  for (int p = 0; p < Partitions::kFewest; ++p) {
    ReadPartition(dir, manifest, p, [&](std::size_t table, Key key, std::span<const float> state) {
      if (table == wanted) rows[key] = {state.begin(), state.end()};
    });
  }
  return rows;
}

// One step at rates of next to nothing leaves the values that it began with.
TEST_F(ResumeTest, WarmStartKeepsValuesAndByChoiceSums) {
  const std::vector<std::string> still = {"train.batch_size=100000", "train.epochs=1",
                                          "deep.learning_rate=1e-30", "dense.learning_rate=1e-30",
                                          "warm_start.model=" + (dir_->path() / "whole").string()};
  const Manifest manifest = ReadManifest(Model("whole"));
  for (const bool sums : {true, false}) {
    SCOPED_TRACE(sums);
    auto overrides = still;
    overrides.push_back(std::string("warm_start.optimizer_state=") + (sums ? "true" : "false"));
    Train("run", overrides);
    for (std::size_t t = 0; t < manifest.tables.size(); ++t) {
      const TableSpec& table = manifest.tables[t];
      if (table.dim == 0) continue;
      const auto before = RowsOf(Model("whole"), t);
      const auto after = RowsOf(Model("run"), t);
      const std::size_t embedding = table.wide ? 2 : 0;
      const auto accumulator = embedding + static_cast<std::size_t>(table.dim);
      bool kept = true, sums_kept = true;
      for (const auto& [key, state] : before) {
        const auto& now = after.at(key);
        for (std::size_t i = embedding; i < accumulator; ++i)
          kept = kept && std::abs(now[i] - state[i]) <= 1e-6F;
        sums_kept = sums_kept && now[accumulator] >= state[accumulator];
      }
      EXPECT_TRUE(kept) << table.name;
      EXPECT_EQ(sums_kept, sums) << table.name;
    }
    EXPECT_EQ(ReadDense(Model("run"), ReadManifest(Model("run"))).values,
              ReadDense(Model("whole"), manifest).values);
  }
}

// Where the rule is another one the weights are taken over and its state begins anew; where it is
// the same one, its state is taken over.
TEST_F(ResumeTest, WarmStartUnderOtherUpdateRules) {
  const std::vector<std::string> still = {
      "train.batch_size=100000",   "train.epochs=1",
      "wide.optimizer=adam",       "dense.optimizer=sgd",
      "wide.learning_rate=1e-30",  "deep.learning_rate=1e-30",
      "dense.learning_rate=1e-30", "warm_start.model=" + (dir_->path() / "whole").string()};
  Train("run", still);
  const Manifest before = ReadManifest(Model("whole")), after = ReadManifest(Model("run"));
  const auto ftrl = MakeUpdateRule(WideConfig());
  std::size_t weights = 0;
  for (std::size_t t = 0; t < before.tables.size(); ++t) {
    const TableSpec& from = before.tables[t];
    const TableSpec& to = after.tables[t];
    const auto now = RowsOf(Model("run"), t);
    for (const auto& [key, state] : RowsOf(Model("whole"), t)) {
      const std::vector<float>& row = now.at(key);
      if (from.wide) {
        const float* const z = state.data();
        float weight = 0;
        ftrl->ReadWeights({&z, 1}, &weight);
        ASSERT_NEAR(row[0], weight, 1e-6F) << from.name;
        weights += weight != 0 ? 1 : 0;
        ASSERT_EQ(row.size() - (to.dim > 0 ? state.size() - 2 : 0), 3U) << "weight, m, v";
      }
      if (from.dim == 0) continue;
      ASSERT_NEAR(row[EmbeddingAt(to)], state[EmbeddingAt(from)], 1e-6F);
      ASSERT_GE(row[DeepStateAt(to)], state[DeepStateAt(from)]) << "AdaGrad's sums are kept";
    }
  }
  EXPECT_GT(weights, 100U);
  EXPECT_EQ(ReadDense(Model("run"), after).values, ReadDense(Model("whole"), before).values);
}

TEST_F(ResumeTest, WarmStartFromAModelOfOtherShapesIsRefused) {
  Config config = testing::BooksConfig(
      dir_->path() / "data", {"warm_start.model=" + Model("whole").string(),
                              "model.embedding_dim=3", "column.book.dim=3", "model.hidden=[7]"});
  config.crosses.clear();
  ExpectError(ExitCode::kModel, {"nothing of this model fits"}, [&] {
    testing::TrainEmbedded(config, dir_->path() / "other" / "packed", dir_->path() / "other");
  });
}

}  // namespace
}  // namespace fathom
