// Trainings that begin with the values of an earlier model.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>

#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "common/model/model_compare.h"
#include "common/model/partition_file.h"
#include "common/model/row_state.h"
#include "server/update_rule/update_rule.h"
#include "tests/cluster/checkpointed_runs.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
namespace fs = std::filesystem;

class WarmStartTest : public testing::CheckpointedRuns {};

std::map<Key, std::vector<float>> RowsOf(const fs::path& dir, std::size_t wanted) {
  std::map<Key, std::vector<float>> rows;
  const Manifest manifest = ReadManifest(dir);
  for (int p = 0; p < kPartitions; ++p) {
    ReadPartition(dir, manifest, p, [&](std::size_t table, Key key, std::span<const float> state) {
      if (table == wanted) rows[key] = {state.begin(), state.end()};
    });
  }
  return rows;
}

// One step at rates of next to nothing leaves the values that it began with.
TEST_F(WarmStartTest, KeepsValuesAndByChoiceSums) {
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
TEST_F(WarmStartTest, UnderOtherUpdateRules) {
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

TEST_F(WarmStartTest, FromAModelOfOtherShapesIsRefused) {
  Config config = testing::BooksConfig(
      dir_->path() / "data", {"warm_start.model=" + Model("whole").string(),
                              "model.embedding_dim=3", "column.book.dim=3", "model.hidden=[7]"});
  config.crosses.clear();
  ExpectError(ExitCode::kModel, {"nothing of this model fits"}, [&] {
    testing::TrainEmbedded(config, dir_->path() / "other" / "packed", dir_->path() / "other");
  });
}

TEST_F(WarmStartTest, FromACheckpointThatIsPutAside) {
  Train("run", {"checkpoint.every_steps=10"});
  const auto run = Train(
      "run", {"resume=restart", "warm_start.model=" + Checkpoints("run").Complete(20).string()});
  EXPECT_EQ(run.result.report.resumed_at, 0U);
  EXPECT_NE(CompareModels(Model("whole"), Model("run")), "");
}

}  // namespace
}  // namespace fathom
