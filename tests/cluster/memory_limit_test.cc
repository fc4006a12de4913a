// Tables that may not grow: what is evicted, refused or admitted is the same on every layout and
// after every resume, and the limit is kept.
#include <gtest/gtest.h>

#include "common/model/model_compare.h"
#include "common/run/checkpoint_dir.h"
#include "tests/cluster/limited_run.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::LimitedRun;

constexpr double kLimit = 1.6e6;

double TableBytes(const FinalReport& report) {
  return static_cast<double>(report.rows) * report.bytes_per_row;
}

class MemoryLimitTest : public LimitedRun, public ::testing::TestWithParam<const char*> {
 protected:
  std::vector<std::string> Limited(std::vector<std::string> more = {}) const {
    more.push_back("server.memory_limit=1.6MB");
    more.push_back(GetParam());
    return more;
  }
};

TEST_P(MemoryLimitTest, EveryLayoutKeepsTheSameRows) {
  Train("one", Limited());
  for (const auto& layout :
       std::vector<std::vector<std::string>>{{"cluster.servers=3"},
                                             {"cluster.workers=3"},
                                             {"cluster.servers=2", "cluster.workers=2"}}) {
    Train("other", Limited(layout));
    EXPECT_EQ(CompareModels(Model("one"), Model("other")), "") << layout[0];
  }
}

TEST_P(MemoryLimitTest, TheLimitIsKeptAndWhatItCostIsCounted) {
  const auto run = Train("run", Limited());
  const FinalReport& report = run.result.report;
  EXPECT_LE(TableBytes(report), kLimit);
  EXPECT_GT(static_cast<double>(report.rows) * 34, kLimit / 3);
  EXPECT_GT(report.evicted_rows + report.refused_updates, 10000U);
}

TEST_P(MemoryLimitTest, ResumedFromAnyCheckpointItIsTheSameModel) {
  Train("whole", Limited());
  Train("run", Limited({"checkpoint.every_steps=17", "checkpoint.keep=10", "cluster.servers=2"}));
  const CheckpointDir checkpoints(dir_.path() / "run" / "checkpoints");
  ASSERT_EQ(checkpoints.Steps().size(), 4U);
  for (const std::uint64_t step : checkpoints.Steps()) {
    Train("other", Limited({"resume=" + checkpoints.Complete(step).string()}));
    EXPECT_EQ(CompareModels(Model("whole"), Model("other")), "") << "from step " << step;
  }
}

// Pulls that are open while rows move.
TEST_P(MemoryLimitTest, AsyncFindsItsRowsAgain) {
  const auto run = Train("run", Limited({"train.consistency=async", "cluster.workers=3"}));
  EXPECT_EQ(run.result.report.examples, 20480U);
  EXPECT_LE(TableBytes(run.result.report), kLimit);
}

INSTANTIATE_TEST_SUITE_P(Policies, MemoryLimitTest,
                         ::testing::Values("server.at_limit=evict_least_trained",
                                           "server.at_limit=evict_smallest",
                                           "server.at_limit=evict_oldest",
                                           "server.at_limit=refuse"),
                         [](const auto& info) { return std::string(info.param).substr(16); });

class AdmissionTest : public LimitedRun, public ::testing::Test {};

TEST_F(AdmissionTest, ALimitThatIsNeverReachedChangesNothing) {
  Train("free", {});
  Train("limited", {"server.memory_limit=1GB"});
  EXPECT_EQ(CompareModels(Model("free"), Model("limited")), "");
}

// A key that k steps name gets a row with probability 1 - (1 - p)^k.
TEST_F(AdmissionTest, RareKeysGetNoRow) {
  const auto all = Train("all", {});
  const auto some = Train("some", {"server.admission_probability=0.3"});
  const double share =
      static_cast<double>(some.result.report.rows) / static_cast<double>(all.result.report.rows);
  EXPECT_LT(share, 0.6);
  EXPECT_GT(share, 0.3);
  EXPECT_GT(some.result.report.refused_updates, 10000U);
  Train("layout", {"server.admission_probability=0.3", "cluster.workers=3", "cluster.servers=2"});
  EXPECT_EQ(CompareModels(Model("some"), Model("layout")), "");
}

TEST_F(AdmissionTest, LimitsThatMakeNoSenseAreRefused) {
  testing::ExpectError(ExitCode::kUsage, {"memory_limit", "24GB"},
                       [&] { Train("x", {"server.memory_limit=much"}); });
  testing::ExpectError(ExitCode::kUsage, {"too little"},
                       [&] { Train("x", {"server.memory_limit=100kB"}); });
}

}  // namespace
}  // namespace fathom
