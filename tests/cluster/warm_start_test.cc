// Trainings that begin with the values of an earlier model.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "common/model/model_compare.h"
#include "common/model/partition_file.h"
#include "common/model/row_state.h"
#include "common/random.h"
#include "common/settings/config_file.h"
#include "server/update_rule/update_rule.h"
#include "tests/cluster/checkpointed_runs.h"
#include "tests/support/expect_error.h"
#include "worker/predict/trained_model.h"
#include "worker/transform/learnt_transform.h"

namespace fathom {
namespace {

using testing::ExpectError;
namespace fs = std::filesystem;

class WarmStartTest : public testing::CheckpointedRuns {};

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
  config.columns.pop_back();  // the number, which has a weight of its own
  ExpectError(ExitCode::kModel, {"nothing of this model fits"}, [&] {
    testing::TrainEmbedded(config, dir_->path() / "other" / "packed", dir_->path() / "other");
  });
}

// A step at rates of next to nothing on the model of the suite, or on `from`; the test part's
// metrics are those of what was taken over.
Metrics MetricsOfWarmStart(const Config& base, const fs::path& from, const fs::path& out) {
  Config config = base;
  config.warm_start.model = from.string();
  config.train.batch_size = 100000;
  config.train.epochs = 1;
  config.deep.Set("learning_rate", 1e-30);
  config.dense.Set("learning_rate", 1e-30);
  return testing::TrainEmbedded(config, out.parent_path() / "packed", out).result.report.metrics;
}

// Other settings of FTRL change neither a weight nor, beside the sums that are kept, what one step
// does out of proportion.
TEST_F(WarmStartTest, UnderOtherSettingsOfFtrlTheWeightsStay) {
  const auto config = [&](const std::vector<std::string>& overrides) {
    return testing::BooksConfig(dir_->path() / "data", overrides);
  };
  const auto before = Train("other", {}).result.report.metrics;
  for (const std::vector<std::string>& settings : {std::vector<std::string>{"wide.alpha=1e-9"},
                                                   {"wide.alpha=1e-9", "wide.beta=3"},
                                                   {"wide.alpha=1e-9", "wide.l2=2"},
                                                   {"wide.alpha=1e-9", "wide.l1=0.5"}}) {
    SCOPED_TRACE(settings.back());
    const auto after = MetricsOfWarmStart(config(settings), Model("whole"), dir_->path() / "run");
    EXPECT_NEAR(after.logloss, before.logloss, 2e-6);
    EXPECT_NEAR(after.auc, before.auc, 1e-5);
  }
  // A step of all examples at once at the usual rate, doubled.
  const auto stepped =
      MetricsOfWarmStart(config({"wide.alpha=0.2"}), Model("whole"), dir_->path() / "run");
  EXPECT_NEAR(stepped.logloss, before.logloss, 0.03);
}

TEST_F(WarmStartTest, AModelWithOneColumnMoreOrInAnotherOrderKeepsWhatItLearnt) {
  Config few = testing::BooksConfig(dir_->path() / "data", {"wide.alpha=1e-9"});
  const ColumnConfig year = few.columns.back();
  few.columns.pop_back();
  few.wide.Set("alpha", 0.1);
  const Metrics before =
      testing::TrainEmbedded(few, dir_->path() / "packed", dir_->path() / "other")
          .result.report.metrics;
  Config more = few;
  more.wide.Set("alpha", 1e-9);
  more.columns.insert(more.columns.begin(), year);
  std::swap(more.columns[1], more.columns[2]);
  const Metrics after = MetricsOfWarmStart(more, Model("other"), dir_->path() / "run");
  EXPECT_NEAR(after.logloss, before.logloss, 2e-6);
  EXPECT_NEAR(after.auc, before.auc, 1e-5);
}

TEST_F(WarmStartTest, AnotherMeaningOfAColumnIsRefused) {
  Config config = testing::BooksConfig(
      dir_->path() / "data", {"warm_start.model=" + Model("whole").string(),
                              "column.book.hash_buckets=100", "column.year.transform=log"});
  ExpectError(
      ExitCode::kUsage,
      {"column.book.hash_buckets = 100 (the model: 0)",
       "column.year.transform = \"log\" (the model: \"standardise\")"},
      [&] { testing::TrainEmbedded(config, dir_->path() / "packed", dir_->path() / "other"); });
}

// Day 2 no longer has the values F to J: what was learnt of them stays, with a mean of day 1.
class WarmStartDaysTest : public ::testing::Test {
 protected:
  void Write(const std::string& file, const std::string& values, double shift) {
    std::ofstream out(dir_.path() / file);
    out << "label,v,n,q\n";
    std::uint64_t state = 1;
    for (int i = 0; i < 4000; ++i) {
      const auto v = static_cast<std::size_t>(i) % values.size();
      const bool high = values[v] % 2 == 0;
      const bool label = Mix64(state, static_cast<std::uint64_t>(i)) % 10 < (high ? 8 : 2);
      out << label << ',' << values[v] << ',' << shift + i % 7 << ',' << shift + i % 11 << '\n';
    }
  }

  Config Day(const std::string& train, const std::vector<std::string>& overrides = {}) {
    return ParseConfig("[data]\ntrain = [\"" + train +
                           "\"]\ntest = [\"day1.csv\"]\n"
                           "[[column]]\nname = \"v\"\ntransform = \"vocabulary\"\nmin_count = 20\n"
                           "[[column]]\nname = \"n\"\nkind = \"numeric\"\ntransform = "
                           "\"standardise\"\n"
                           "[[column]]\nname = \"q\"\nkind = \"numeric\"\ntransform = "
                           "\"quantiles\"\nquantiles = 5\n"
                           "[model]\nembedding_dim = 4\nhidden = [8]\n[train]\nepochs = 3\n",
                       "day.toml", dir_.path(), overrides);
  }

  Metrics Train(const Config& config, const std::string& name) {
    return testing::TrainEmbedded(config, dir_.path() / "packed", dir_.path() / name)
        .result.report.metrics;
  }

  LearntTransforms TransformsOf(const std::string& name) {
    return AnyTransformsFromJson(OpenModel(dir_.path() / name).transforms_json);
  }

  testing::ScratchDir dir_;
};

TEST_F(WarmStartDaysTest, WhatWasLearntOfValuesThatAreGoneStays) {
  Write("day1.csv", "ABCDEFGHIJ", 0);
  Write("day2.csv", "ABCDEK", 100);
  const Metrics first = Train(Day("day1.csv"), "one");
  EXPECT_GT(first.auc, 0.75);
  const std::string from = "warm_start.model=" + (dir_.path() / "one").string();
  const Metrics second = Train(Day("day2.csv", {from}), "two");
  EXPECT_GT(second.auc, first.auc - 0.005);
  const auto one = TransformsOf("one"), two = TransformsOf("two");
  EXPECT_EQ(one.at("v").vocabulary.size(), 10U);
  EXPECT_EQ(two.at("v").vocabulary.size(), 11U);
  EXPECT_EQ(two.at("n").mean, one.at("n").mean);
  EXPECT_EQ(two.at("q").boundaries, one.at("q").boundaries);
  Train(Day("day2.csv", {from, "warm_start.statistics=update"}), "three");
  const auto three = TransformsOf("three");
  EXPECT_NEAR(three.at("n").mean, one.at("n").mean + 100, 1e-6);
  EXPECT_GT(three.at("q").boundaries.front(), one.at("q").boundaries.back());
  EXPECT_EQ(three.at("v").vocabulary, two.at("v").vocabulary);
}

// Without the model that it began with, and with one in its place that knows other values.
TEST_F(WarmStartDaysTest, ARunThatGoesOnNeedsTheEarlierModelNoMore) {
  Write("day1.csv", "ABCDEFGHIJ", 0);
  Write("day2.csv", "ABCDEK", 100);
  Train(Day("day1.csv"), "one");
  const std::string from = "warm_start.model=" + (dir_.path() / "one").string();
  Train(Day("day2.csv", {from}), "whole");
  Train(Day("day2.csv", {from, "checkpoint.every_steps=2"}), "again");
  Train(Day("day2.csv"), "one");
  Train(Day("day2.csv", {from, "checkpoint.every_steps=2", "resume=auto"}), "again");
  EXPECT_EQ(CompareModels(dir_.path() / "whole" / "model", dir_.path() / "again" / "model"), "");
  EXPECT_EQ(TransformsToJson(TransformsOf("again")), TransformsToJson(TransformsOf("whole")));
}

TEST_F(WarmStartTest, FromACheckpointThatIsPutAside) {
  Train("run", {"checkpoint.every_steps=10"});
  const auto run = Train(
      "run", {"resume=restart", "warm_start.model=" + Checkpoints("run").Complete(20).string()});
  EXPECT_EQ(run.result.report.resumed_at, 0U);
  EXPECT_NE(CompareModels(Model("whole"), Model("run")), "");
}

TEST_F(WarmStartTest, WarmStartFromOtherPartitions) {
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

}  // namespace
}  // namespace fathom
