// A run that keeps its best model: what it leaves is the model of the best evaluation on the
// validation part, the same bits on every layout and after every stop.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <nlohmann/json.hpp>

#include "common/folder_entries.h"
#include "common/model/manifest.h"
#include "common/model/model_compare.h"
#include "tests/cluster/checkpointed_runs.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::EmbeddedResult;
using testing::ExpectError;
namespace fs = std::filesystem;

// Six epochs of eleven steps with a rate at which a middle one is the best.
std::vector<std::string> Kept(std::vector<std::string> more = {}) {
  more.insert(more.begin(),
              {"data.validation_fraction=0.3", "train.epochs=6", "deep.learning_rate=0.01"});
  return more;
}

class BestModelTest : public testing::CheckpointedRuns {
 protected:
  static void SetUpTestSuite() {
    CheckpointedRuns::SetUpTestSuite();
    kept_ = Train("kept", Kept());
  }

  // The best models that lie in a run's folder of checkpoints.
  static std::size_t BestFolders(const std::string& name) {
    std::size_t folders = 0;
    for (const fs::path& entry : EntriesOf(Checkpoints(name).path()))
      folders += entry.filename().string().starts_with("best-") ? 1 : 0;
    return folders;
  }

  // That this run has left what "kept" has: the same bits, and the same said of them.
  static void ExpectKept(const EmbeddedResult& run, const std::string& name) {
    EXPECT_EQ(CompareModels(Model("kept"), Model(name)), "");
    const BestSoFar expected = ReadManifest(Model("kept")).best.value();
    const BestSoFar found = ReadManifest(Model(name)).best.value();
    EXPECT_EQ(found.best.step, expected.best.step);
    EXPECT_EQ(found.best.epoch, expected.best.epoch);
    EXPECT_EQ(found.best.logloss, expected.best.logloss);
    EXPECT_EQ(found.best.auc, expected.best.auc);
    EXPECT_EQ(found.last.step, expected.last.step);
    EXPECT_EQ(found.last.logloss, expected.last.logloss);
    if (run.result.report.evaluated) {
      EXPECT_EQ(run.result.report.metrics.logloss, expected.best.logloss);
    }
  }

  inline static EmbeddedResult kept_;
};

// Log loss of each evaluation by step.
std::map<std::uint64_t, double> LogLosses(const EmbeddedResult& run) {
  std::map<std::uint64_t, double> losses;
  for (const std::string& text : run.metrics) {
    const auto line = nlohmann::json::parse(text);
    if (line["event"] == "evaluation") losses[line["step"]] = line["logloss"];
  }
  return losses;
}

TEST_F(BestModelTest, IsThatOfTheBestEvaluationAndNotTheLast) {
  const auto losses = LogLosses(kept_);
  ASSERT_EQ(losses.size(), 6U);
  auto best = losses.begin();
  for (auto at = losses.begin(); at != losses.end(); ++at) {
    if (at->second < best->second) best = at;
  }
  ASSERT_NE(best->first, losses.rbegin()->first) << "the test needs a run that over-fits";
  const Manifest manifest = ReadManifest(Model("kept"));
  EXPECT_EQ(manifest.step, best->first);
  ASSERT_TRUE(manifest.best);
  EXPECT_EQ(manifest.best->best.step, best->first);
  EXPECT_EQ(manifest.best->best.logloss, best->second);
  EXPECT_EQ(manifest.best->last.step, losses.rbegin()->first);
  EXPECT_EQ(manifest.best->last.logloss, losses.rbegin()->second);
  EXPECT_EQ(kept_.result.report.metrics.logloss, best->second);
  EXPECT_EQ(kept_.result.report.steps, losses.rbegin()->first);

  const auto epochs = fmt::format("train.epochs={}", manifest.best->best.epoch);
  Train("run", Kept({epochs, "evaluate.best=none", "evaluate.on=validation"}));
  EXPECT_EQ(CompareModels(Model("kept"), Model("run")), "") << "it is what that many epochs train";
}

TEST_F(BestModelTest, OnEveryLayout) {
  for (const std::vector<std::string>& layout : std::vector<std::vector<std::string>>{
           {"cluster.servers=3"},
           {"cluster.workers=3", "cluster.threads=2"},
           {"cluster.servers=2", "cluster.workers=2", "cluster.transport=tcp"},
           {"cluster.servers=3", "cluster.workers=2", "output.shared=no"},
           {"cluster.servers=2", "server.memory_limit=700kB", "server.cold_tier=."}}) {
    SCOPED_TRACE(layout.front() + " " + layout.back());
    ExpectKept(Train("run", Kept(layout)), "run");
  }
}

TEST_F(BestModelTest, AfterGoingOnFromEveryCheckpoint) {
  const auto run =
      Train("run", Kept({"checkpoint.every_steps=7", "checkpoint.keep=100", "cluster.servers=2"}));
  ExpectKept(run, "run");
  const auto steps = Checkpoints("run").Steps();
  ASSERT_GE(steps.size(), 8U);
  std::size_t with_best = 0;
  for (const std::uint64_t step : steps) {
    SCOPED_TRACE(step);
    with_best += ReadManifest(Checkpoints("run").Complete(step)).best->best.step > 0 ? 1 : 0;
    ExpectKept(GoOn("run", step, "other", Kept({"cluster.workers=2"})), "other");
  }
  EXPECT_GT(with_best, 4U);
  EXPECT_LT(with_best, steps.size());
}

// A checkpoint where a model is judged is written after that; the run that goes on from it
// evaluates the model again and counts it once.
TEST_F(BestModelTest, AfterGoingOnFromACheckpointWhereAModelIsJudged) {
  Train("run", Kept({"checkpoint.every_steps=11", "checkpoint.keep=100"}));
  const auto steps = Checkpoints("run").Steps();
  ASSERT_EQ(steps.size(), 5U);
  for (const std::uint64_t step : steps) {
    SCOPED_TRACE(step);
    const BestSoFar then = ReadManifest(Checkpoints("run").Complete(step)).best.value();
    EXPECT_EQ(then.last.step, step);
    ExpectKept(GoOn("run", step, "other", Kept({"cluster.servers=3"})), "other");
  }
}

// A run that dies has saved better models than its last checkpoint knows of.
TEST_F(BestModelTest, AfterAKill) {
  Train("run", Kept({"checkpoint.every_steps=5", "checkpoint.keep=100", "cluster.workers=2"}));
  const auto steps = Checkpoints("run").Steps();
  for (const std::size_t left : {8, 5, 2}) {
    SCOPED_TRACE(left);
    for (std::size_t i = left; i < steps.size(); ++i)
      fs::remove_all(Checkpoints("run").Complete(steps[i]));
    ExpectKept(Train("run", Kept({"resume=auto", "cluster.servers=2"})), "run");
  }
}

TEST_F(BestModelTest, AfterAStop) {
  for (const char* mode : {"train.consistency=sync", "train.consistency=async"}) {
    for (const int calls : {2, 20, 60}) {
      SCOPED_TRACE(fmt::format("{} {}", mode, calls));
      std::atomic<int> asked{0};
      const auto first = Train("run", Kept({mode, "cluster.workers=2", "cluster.servers=2"}),
                               [&] { return ++asked > calls; });
      ASSERT_TRUE(first.result.stopped);
      const auto rest = Train("run", Kept({mode, "resume=auto", "cluster.workers=2"}));
      EXPECT_FALSE(rest.result.stopped);
      if (std::string(mode) == "train.consistency=sync") ExpectKept(rest, "run");
      EXPECT_GT(ReadManifest(Model("run")).best.value().best.step, 0U);
      fs::remove_all(dir_->path() / "run");
    }
  }
}

TEST_F(BestModelTest, OldBestModelsGoAndThoseThatCheckpointsNameStay) {
  EXPECT_EQ(BestFolders("kept"), 1U) << "until the command has published the model";
  Train("run", Kept({"checkpoint.every_steps=11", "checkpoint.keep=100"}));
  EXPECT_GE(BestFolders("run"), 2U) << "each checkpoint's own";
  Train("run", Kept({"checkpoint.every_steps=11", "checkpoint.keep=1", "resume=restart"}));
  EXPECT_EQ(BestFolders("run"), 1U);
}

TEST_F(BestModelTest, CheckpointsThatArePutAsideKeepTheirBest) {
  Train("run", Kept({"checkpoint.every_steps=7", "checkpoint.keep=100"}));
  const std::uint64_t last = Checkpoints("run").Steps().back();
  const std::string name = Checkpoints("run").Complete(last).filename();
  Train("run", Kept({"resume=restart", "train.epochs=1"}));
  const fs::path aside = Checkpoints("run").path() / "old-1";
  ASSERT_TRUE(fs::exists(aside / name));
  ExpectKept(Train("other", Kept({"resume=" + (aside / name).string()})), "other");
}

TEST_F(BestModelTest, ALostBestModelIsNamed) {
  Train("run", Kept({"checkpoint.every_steps=7", "checkpoint.keep=1"}));
  const std::uint64_t step = Checkpoints("run").Steps().back();
  for (const fs::path& entry : EntriesOf(Checkpoints("run").path())) {
    if (entry.filename().string().starts_with("best-")) fs::remove_all(entry);
  }
  ExpectError(ExitCode::kModel, {"best model", "evaluate.best=none"},
              [&] { GoOn("run", step, "other", Kept()); });
  GoOn("run", step, "other", Kept({"evaluate.best=none", "evaluate.on=validation"}));
  EXPECT_EQ(ReadManifest(Model("other")).step, kept_.result.report.steps);
}

TEST_F(BestModelTest, PatienceEndsTheRunAtTheSameStepEverywhere) {
  const std::uint64_t best = ReadManifest(Model("kept")).step;
  const std::string patience = "train.patience=1";
  const auto one =
      Train("run", Kept({patience, "checkpoint.every_steps=7", "checkpoint.keep=100"}));
  EXPECT_TRUE(one.result.report.ended_early);
  EXPECT_FALSE(one.result.stopped);
  EXPECT_EQ(one.result.report.steps, best + 11);
  EXPECT_EQ(CompareModels(Model("kept"), Model("run")), "");
  for (const std::vector<std::string>& layout : std::vector<std::vector<std::string>>{
           {"cluster.servers=3", "cluster.workers=3"},
           {"cluster.servers=2", "cluster.workers=2", "cluster.transport=tcp"}}) {
    auto settings = layout;
    settings.push_back(patience);
    const auto other = Train("other", Kept(settings));
    EXPECT_TRUE(other.result.report.ended_early);
    EXPECT_EQ(other.result.report.steps, one.result.report.steps);
    EXPECT_EQ(CompareModels(Model("run"), Model("other")), "");
  }
  const auto again = Train("run", Kept({patience, "resume=auto"}));
  EXPECT_TRUE(again.result.report.ended_early) << "as the run that it goes on from";
  EXPECT_EQ(again.result.report.steps, one.result.report.steps);
  EXPECT_EQ(CompareModels(Model("kept"), Model("run")), "");
}

TEST_F(BestModelTest, PatienceInTheOtherModes) {
  for (const char* mode : {"train.consistency=bounded", "train.consistency=async"}) {
    const auto run = Train("run", Kept({mode, "train.patience=1", "train.epochs=40",
                                        "cluster.workers=3", "cluster.servers=2"}));
    EXPECT_TRUE(run.result.report.ended_early) << mode;
    const auto losses = LogLosses(run);
    EXPECT_EQ(losses.at(ReadManifest(Model("run")).step), run.result.report.metrics.logloss)
        << mode;
  }
}

TEST_F(BestModelTest, EveryFewStepsAndByAuc) {
  const auto run = Train("run", Kept({"evaluate.every_steps=4", "evaluate.best=auc",
                                      "cluster.servers=2", "checkpoint.every_steps=8"}));
  const BestSoFar best = ReadManifest(Model("run")).best.value();
  EXPECT_EQ(best.by, BestBy::kAuc);
  for (const std::string& text : run.metrics) {
    const auto line = nlohmann::json::parse(text);
    if (line["event"] == "evaluation") {
      EXPECT_LE(line["auc"], best.best.auc);
    }
  }
  EXPECT_EQ(run.result.report.metrics.auc, best.best.auc);
}

// Rates of nothing: every evaluation says the same.
TEST_F(BestModelTest, OfEqualOnesTheEarlierStays) {
  Train("run", Kept({"deep.optimizer=sgd", "dense.optimizer=sgd", "wide.optimizer=sgd",
                     "deep.learning_rate=1e-30", "dense.learning_rate=1e-30",
                     "wide.learning_rate=1e-30"}));
  const BestSoFar best = ReadManifest(Model("run")).best.value();
  EXPECT_EQ(best.best.logloss, best.last.logloss);
  EXPECT_EQ(best.best.epoch, 1U);
  EXPECT_EQ(best.without_better, 5U);
}

TEST_F(BestModelTest, SettingsThatNeedAValidationPart) {
  ExpectError(ExitCode::kUsage, {"train.patience = 2", "data.validation_fraction"},
              [&] { Train("run", {"train.patience=2"}); });
  ExpectError(ExitCode::kUsage, {"evaluate.best = \"gauc\"", "evaluate.group_by"}, [&] {
    Train("run", {"data.validation_fraction=0.2", "evaluate.best=gauc", "evaluate.group_by="});
  });
}

}  // namespace
}  // namespace fathom
