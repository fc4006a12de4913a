// Trainings on examples that have weights, and those whose bias begins at the base rate.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "common/elementary.h"
#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "common/model/model_compare.h"
#include "common/model/partition_file.h"
#include "common/random.h"
#include "common/run/checkpoint_dir.h"
#include "common/settings/config_file.h"
#include "tests/support/embedded_run.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;
using testing::ExpectError;

class ExampleWeightsTest : public ::testing::Test {
 protected:
  struct Line {
    int label;
    int user;
    double x;
    double weight;
  };

  // `weight_of`: by number of the line.
  template <typename WeightOf>
  static std::vector<Line> Lines(int count, WeightOf weight_of) {
    std::vector<Line> lines;
    for (int i = 0; i < count; ++i) {
      const std::uint64_t draw = Mix64(7, static_cast<std::uint64_t>(i));
      const int user = static_cast<int>(draw % 23);
      lines.push_back({.label = draw / 64 % 10 < (user % 2 == 0 ? 7U : 3U) ? 1 : 0,
                       .user = user,
                       .x = static_cast<double>(draw / 1024 % 100) / 100,
                       .weight = static_cast<double>(weight_of(i))});
    }
    return lines;
  }

  void Write(const std::string& file, const std::vector<Line>& lines) {
    std::ofstream out(dir_.path() / file);
    out << "label,user,x,w\n";
    for (const Line& line : lines)
      out << line.label << ",u" << line.user << ',' << line.x << ',' << line.weight << '\n';
  }

  Config MakeConfig(const std::string& train, const std::vector<std::string>& overrides = {}) {
    return ParseConfig("[data]\ntrain = [\"" + train +
                           "\"]\ntest = [\"test.csv\"]\n"
                           "[[column]]\nname = \"user\"\n"
                           "[[column]]\nname = \"x\"\nkind = \"numeric\"\n"
                           "[model]\nembedding_dim = 3\nhidden = [6]\n"
                           "[train]\nbatch_size = 100000\nslice_size = 16\nshuffle = false\n"
                           "epochs = 3\n",
                       "weights.toml", dir_.path(), overrides);
  }

  testing::EmbeddedResult Train(const Config& config, const std::string& name) {
    return testing::TrainEmbedded(config, dir_.path() / "packed", dir_.path() / name);
  }

  fs::path Model(const std::string& name) { return dir_.path() / name / "model"; }

  std::vector<float> Dense(const std::string& name) {
    return ReadDense(Model(name), ReadManifest(Model(name))).values;
  }

  std::map<std::pair<std::size_t, Key>, std::vector<float>> Rows(const std::string& name) {
    std::map<std::pair<std::size_t, Key>, std::vector<float>> rows;
    const Manifest manifest = ReadManifest(Model(name));
    for (int p = 0; p < Partitions::kFewest; ++p) {
      ReadPartition(Model(name), manifest, p,
                    [&](std::size_t table, Key key, std::span<const float> state) {
                      rows[{table, key}] = {state.begin(), state.end()};
                    });
    }
    return rows;
  }

  static double Relative(float a, float b) {
    return std::abs(a - b) / (1e-3 + std::abs(static_cast<double>(a)));
  }

  // The largest difference between any two numbers of the two models.
  double Difference(const std::string& a, const std::string& b) {
    double most = 0;
    const auto compare = [&](const std::vector<float>& x, const std::vector<float>& y) {
      EXPECT_EQ(x.size(), y.size());
      for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
        most = std::max(most, Relative(x[i], y[i]));
    };
    compare(Dense(a), Dense(b));
    const auto rows = Rows(b);
    for (const auto& [place, row] : Rows(a)) compare(row, rows.at(place));
    return most;
  }

  testing::ScratchDir dir_;
};

TEST_F(ExampleWeightsTest, ALineOfWeightTwoIsThatLineTwice) {
  const auto lines = Lines(500, [](int i) { return i % 3 == 0 ? 2 : 1; });
  std::vector<Line> twice;
  for (const Line& line : lines) twice.insert(twice.end(), line.weight == 2 ? 2 : 1, line);
  Write("weighted.csv", lines);
  Write("twice.csv", twice);
  Write("test.csv", lines);
  const auto weighted = Train(MakeConfig("weighted.csv", {"data.weight=w"}), "weighted").result;
  Write("test.csv", twice);
  const auto doubled = Train(MakeConfig("twice.csv"), "twice").result;
  Train(MakeConfig("weighted.csv"), "plain");
  EXPECT_LT(Difference("weighted", "twice"), 2e-4);
  EXPECT_GT(Difference("plain", "twice"), 2e-2);
  const Metrics& a = weighted.report.metrics;
  const Metrics& b = doubled.report.metrics;
  EXPECT_EQ(a.weight, b.weight);
  EXPECT_NEAR(a.auc, b.auc, 1e-5);
  EXPECT_NEAR(a.logloss, b.logloss, 1e-5);
  EXPECT_NEAR(a.accuracy, b.accuracy, 1e-9);
  EXPECT_NEAR(a.calibration, b.calibration, 1e-5);
  EXPECT_NEAR(weighted.report.progressive_logloss, doubled.report.progressive_logloss, 1e-5);
  EXPECT_TRUE(weighted.report.weighted);
  EXPECT_EQ(weighted.report.training_weight, 3 * a.weight) << "three epochs";
}

TEST_F(ExampleWeightsTest, WeightsOfOneChangeNoBit) {
  Write("ones.csv", Lines(500, [](int) { return 1; }));
  Write("test.csv", Lines(100, [](int) { return 1; }));
  const std::vector<std::string> batches = {"train.batch_size=96", "train.shuffle=true"};
  auto weighted = batches;
  weighted.push_back("data.weight=w");
  Train(MakeConfig("ones.csv", batches), "plain");
  Train(MakeConfig("ones.csv", weighted), "weighted");
  EXPECT_EQ(Difference("plain", "weighted"), 0);
}

TEST_F(ExampleWeightsTest, AnyLayoutTrainsTheSameBits) {
  Write("data.csv", Lines(700, [](int i) { return 0.1 * (i % 7); }));
  Write("test.csv", Lines(100, [](int i) { return 0.3 * (i % 5); }));
  const auto config = [&](std::vector<std::string> more) {
    for (const char* common : {"data.weight=w", "train.batch_size=160", "train.shuffle=true",
                               "model.initial_bias=base_rate", "data.negative_rate=0.3"})
      more.push_back(common);
    return MakeConfig("data.csv", more);
  };
  const auto one = Train(config({"cluster.servers=1"}), "one").result.report;
  int name = 0;
  for (const std::vector<std::string>& layout :
       {std::vector<std::string>{"cluster.servers=3", "cluster.workers=2"},
        {"cluster.workers=5", "cluster.threads=2"},
        {"checkpoint.every_steps=4", "cluster.workers=3"}}) {
    const std::string run = std::to_string(name++);
    const auto report = Train(config(layout), run).result.report;
    EXPECT_EQ(CompareModels(Model("one"), Model(run)), "") << layout[0];
    EXPECT_EQ(report.metrics.logloss, one.metrics.logloss);
    EXPECT_EQ(report.metrics.auc, one.metrics.auc);
    EXPECT_EQ(report.metrics.auc_low, one.metrics.auc_low);
    EXPECT_EQ(report.progressive_logloss, one.progressive_logloss);
  }
  const auto resumed =
      Train(config({"resume=" +
                    CheckpointDir(dir_.path() / "2" / "checkpoints").Complete(8).string()}),
            "resumed")
          .result.report;
  EXPECT_EQ(CompareModels(Model("one"), Model("resumed")), "");
  EXPECT_EQ(resumed.progressive_logloss, one.progressive_logloss);
  EXPECT_EQ(resumed.training_weight, one.training_weight);
}

TEST_F(ExampleWeightsTest, ABatchOfNoWeightMovesNothing) {
  const std::vector<Line> counted = {{1, 1, 0.5, 1}, {0, 2, 0.25, 1}};
  auto lines = Lines(96, [](int) { return 0; });
  lines.insert(lines.end(), counted.begin(), counted.end());
  Write("some.csv", lines);
  Write("counted.csv", counted);
  Write("test.csv", Lines(100, [](int) { return 0; }));
  const std::vector<std::string> in_order = {"data.weight=w", "train.epochs=1",
                                             "train.shuffle=false", "train.batch_size=96"};
  const auto report = Train(MakeConfig("some.csv", in_order), "some").result.report;
  Train(MakeConfig("counted.csv", in_order), "counted");
  EXPECT_EQ(Dense("some"), Dense("counted"));
  EXPECT_TRUE(std::isnan(report.metrics.logloss));
  EXPECT_TRUE(std::isnan(report.metrics.auc));
}

// Kept negatives of the training files stand for those that were dropped; test files count once.
TEST_F(ExampleWeightsTest, NegativesThatWereKeptCountForThoseThatWereDropped) {
  const auto lines = Lines(400, [](int) { return 1; });
  std::vector<Line> four;
  double negatives = 0;
  for (const Line& line : lines) {
    four.insert(four.end(), line.label == 0 ? 4 : 1, line);
    negatives += line.label == 0 ? 1 : 0;
  }
  Write("kept.csv", lines);
  Write("all.csv", four);
  Write("test.csv", lines);
  const auto kept =
      Train(MakeConfig("kept.csv", {"data.negative_rate=0.25"}), "kept").result.report;
  Train(MakeConfig("all.csv"), "all");
  EXPECT_LT(Difference("kept", "all"), 2e-4);
  EXPECT_EQ(kept.metrics.weight, 400);
  EXPECT_EQ(kept.training_weight, 3 * (400 + 3 * negatives));
}

TEST_F(ExampleWeightsTest, TheBiasBeginsAtTheWeightedShareOfPositives) {
  const auto lines = Lines(500, [](int i) { return i % 4; });
  double positives = 0, all = 0, count = 0;
  for (const Line& line : lines) {
    all += line.weight;
    positives += line.label * line.weight;
    count += line.label;
  }
  Write("data.csv", lines);
  Write("test.csv", lines);
  const std::vector<std::string> still = {"dense.learning_rate=1e-30",
                                          "model.initial_bias=base_rate"};
  auto weighted = still;
  weighted.push_back("data.weight=w");
  Train(MakeConfig("data.csv", still), "plain");
  EXPECT_EQ(Dense("plain")[0], static_cast<float>(Log(count / (500 - count))));
  Train(MakeConfig("data.csv", weighted), "weighted");
  EXPECT_EQ(Dense("weighted")[0], static_cast<float>(Log(positives / (all - positives))));
  // A model that training begins with keeps its own bias.
  weighted.push_back("warm_start.model=" + (dir_.path() / "plain").string());
  Train(MakeConfig("data.csv", weighted), "warm");
  EXPECT_EQ(Dense("warm")[0], Dense("plain")[0]);
}

TEST_F(ExampleWeightsTest, PositivesWithoutWeightHaveNoBaseRate) {
  auto lines = Lines(50, [](int) { return 1; });
  for (Line& line : lines) line.weight = line.label == 0 ? 1 : 0;
  Write("data.csv", lines);
  Write("test.csv", lines);
  ExpectError(ExitCode::kData, {"base_rate", "data.weight"}, [&] {
    Train(MakeConfig("data.csv", {"data.weight=w", "model.initial_bias=base_rate"}), "none");
  });
}

}  // namespace
}  // namespace fathom
