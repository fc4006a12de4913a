// Learning rates that change with the step: the same bits on every layout and after a stop.
#include <gtest/gtest.h>

#include "common/model/manifest.h"
#include "common/model/model_compare.h"
#include "tests/cluster/checkpointed_runs.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

class LearningRateTest : public testing::CheckpointedRuns {
 protected:
  static std::vector<std::string> Falling(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"train.schedule=linear", "train.warmup_steps=5",
                               "train.final_rate=0.1", "wide.optimizer=adam"});
    return more;
  }
};

TEST_F(LearningRateTest, TheSameBitsOnEveryLayoutAndAfterAStop) {
  Train("run", Falling({"checkpoint.every_steps=9", "checkpoint.keep=10"}));
  EXPECT_NE(CompareModels(Model("whole"), Model("run")), "");
  for (const std::vector<std::string>& layout :
       std::vector<std::vector<std::string>>{{"cluster.servers=3", "cluster.workers=2"},
                                             {"cluster.workers=3", "cluster.threads=2"}}) {
    Train("other", Falling(layout));
    EXPECT_EQ(CompareModels(Model("run"), Model("other")), "") << layout.front();
  }
  for (const std::uint64_t step : Checkpoints("run").Steps()) {
    GoOn("run", step, "other", Falling({"cluster.servers=2"}));
    EXPECT_EQ(CompareModels(Model("run"), Model("other")), "") << step;
  }
}

// What each part's rate is goes by the last step, so a run that goes on must have the same.
TEST_F(LearningRateTest, GoingOnToAnotherLastStepIsRefusedByName) {
  Train("run", Falling({"checkpoint.every_steps=9"}));
  const std::uint64_t step = Checkpoints("run").Steps().front();
  ExpectError(ExitCode::kUsage, {"train.epochs = 3 (the checkpoint: 2)"},
              [&] { GoOn("run", step, "other", Falling({"train.epochs=3"})); });
  ExpectError(ExitCode::kUsage, {"train.final_rate = 0.2 (the checkpoint: 0.1)"},
              [&] { GoOn("run", step, "other", Falling({"train.final_rate=0.2"})); });
}

TEST_F(LearningRateTest, AWarmUpThatNeverEndsIsRefused) {
  ExpectError(ExitCode::kUsage, {"train.warmup_steps = 1000", "steps in all"}, [&] {
    Train("run", {"train.schedule=linear", "train.warmup_steps=1000"});
  });
}

}  // namespace
}  // namespace fathom
