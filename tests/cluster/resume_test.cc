// Going on from checkpoints: the same bits as a run that was left alone.
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "common/model/manifest.h"
#include "common/model/model_compare.h"
#include "tests/cluster/checkpointed_runs.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::EmbeddedResult;
using testing::ExpectError;
namespace fs = std::filesystem;

class ResumeTest : public testing::CheckpointedRuns {};

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
    with_changes += manifest.files.size() > kPartitions + 3 ? 1 : 0;
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
  ExpectError(ExitCode::kUsage, {"model.fm = false (the checkpoint: true)", "fm = false"},
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

// Its last step is that of the checkpoint: nothing is left to train.
TEST_F(ResumeTest, FromACheckpointOfTheLastStep) {
  Train("run", {"checkpoint.every_steps=16"});
  Train("other", {"train.epochs=1"});
  const auto rest = Train("run", {"resume=auto", "train.epochs=1"});
  EXPECT_EQ(rest.result.report.resumed_at, 16U);
  EXPECT_EQ(CompareModels(Model("other"), Model("run")), "");
}

TEST_F(ResumeTest, MoreEpochsOfTheSameRun) {
  Train("run", {"train.epochs=4", "checkpoint.every_steps=4"});
  Train("other", {"checkpoint.every_steps=4", "checkpoint.keep=100"});
  GoOn("other", Checkpoints("other").Steps().back(), "other", {"train.epochs=4"});
  EXPECT_EQ(CompareModels(Model("run"), Model("other")), "");
}

}  // namespace
}  // namespace fathom
