// Rows that no step names any more go, after the same step on every layout and after every resume.
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "common/model/manifest.h"
#include "common/model/model_compare.h"
#include "common/model/partition_file.h"
#include "common/model/row_state.h"
#include "common/run/checkpoint_dir.h"
#include "tests/cluster/limited_run.h"

namespace fathom {
namespace {

using testing::LimitedRun;

constexpr std::uint64_t kAgeSteps = 80;
constexpr std::uint64_t kUnused = 10;

class RowAgeTest : public LimitedRun, public ::testing::Test {
 protected:
  static std::vector<std::string> Aged(std::vector<std::string> more = {}) {
    more.push_back("server.evict_unused_steps=" + std::to_string(kUnused));
    return more;
  }

  // The step of each row's last update.
  std::map<std::pair<std::size_t, Key>, std::uint64_t> LastSteps(const std::string& name) {
    const Manifest manifest = ReadManifest(Model(name));
    std::map<std::pair<std::size_t, Key>, std::uint64_t> steps;
    for (int p = 0; p < kPartitions; ++p) {
      ReadPartition(Model(name), manifest, p,
                    [&](std::size_t table, Key key, std::span<const float> state) {
                      steps[{table, key}] = LastStepOf(manifest.tables[table], state.data());
                    });
    }
    return steps;
  }
};

TEST_F(RowAgeTest, EveryLayoutKeepsTheSameRows) {
  Train("one", Aged());
  for (const auto& layout :
       std::vector<std::vector<std::string>>{{"cluster.servers=3"},
                                             {"cluster.workers=3"},
                                             {"cluster.servers=2", "cluster.workers=2"}}) {
    Train("other", Aged(layout));
    EXPECT_EQ(CompareModels(Model("one"), Model("other")), "") << layout[0];
  }
}

TEST_F(RowAgeTest, ResumedFromAnyCheckpointItIsTheSameModel) {
  Train("whole", Aged());
  Train("run", Aged({"checkpoint.every_steps=17", "checkpoint.keep=10", "cluster.servers=2"}));
  const CheckpointDir checkpoints(dir_.path() / "run" / "checkpoints");
  ASSERT_EQ(checkpoints.Steps().size(), 4U);
  for (const std::uint64_t step : checkpoints.Steps()) {
    Train("other", Aged({"resume=" + checkpoints.Complete(step).string()}));
    EXPECT_EQ(CompareModels(Model("whole"), Model("other")), "") << "from step " << step;
  }
}

// A partition's last sweep is that of the last step that is its number modulo 64.
TEST_F(RowAgeTest, WhatIsOldGoesAndOnlyThat) {
  Train("all", {"server.evict_unused_steps=1000"});
  const FinalReport report = Train("aged", Aged()).result.report;
  const auto all = LastSteps("all"), aged = LastSteps("aged");
  EXPECT_GT(report.evicted_rows, 10000U);
  std::size_t kept = 0;
  for (const auto& [row, last] : all) {
    const auto partition = static_cast<std::uint64_t>(PartitionOf(row.second));
    const std::uint64_t sweep =
        partition + kPartitions < kAgeSteps ? partition + kPartitions : partition;
    const bool stays = last + kUnused > sweep;
    kept += stays ? 1 : 0;
    const auto found = aged.find(row);
    ASSERT_EQ(found != aged.end(), stays) << last << ", partition " << partition;
    if (stays) {
      ASSERT_EQ(found->second, last);
    }
  }
  EXPECT_EQ(aged.size(), kept);
}

TEST_F(RowAgeTest, ATimeThatNeverPassesChangesNothingButTheRowsWidth) {
  const FinalReport free = Train("free", {}).result.report;
  const FinalReport aged = Train("aged", {"server.evict_unused_steps=1000"}).result.report;
  EXPECT_EQ(aged.rows, free.rows);
  EXPECT_EQ(aged.metrics.auc, free.metrics.auc);
  EXPECT_NE(CompareModels(Model("free"), Model("aged")).find("B a row"), std::string::npos);
}

// With optimizer state and without, from a model that keeps the steps and from one that does not.
TEST_F(RowAgeTest, AWarmStartBeginsNewAges) {
  Train("free", {});
  Train("aged", {"server.evict_unused_steps=1000"});
  for (const char* sums : {"true", "false"}) {
    const std::string optimizer = std::string("warm_start.optimizer_state=") + sums;
    for (const std::string unused : {"0", "1000"}) {
      for (const std::string old : {"free", "aged"}) {
        Train(old + "_then", {"warm_start.model=" + Model(old).string(), optimizer,
                              "server.evict_unused_steps=" + unused});
      }
      EXPECT_EQ(CompareModels(Model("free_then"), Model("aged_then")), "") << sums << unused;
    }
  }
}

// Batches whose steps come in another order.
TEST_F(RowAgeTest, AsyncForgetsToo) {
  const auto run = Train("run", Aged({"train.consistency=async", "cluster.workers=3"}));
  EXPECT_EQ(run.result.report.examples, 20480U);
  EXPECT_GT(run.result.report.evicted_rows, 10000U);
}

}  // namespace
}  // namespace fathom
