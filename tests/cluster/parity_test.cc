// The same bits for any number of servers, workers and threads, and over either transport.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/model/model_compare.h"
#include "launcher/synthetic/generate_books.h"
#include "tests/support/embedded_run.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

class ParityTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new testing::ScratchDir;
    GenerateBooks(3000, 1, dir_->path() / "data");
    Train("reference", {});
  }
  static void TearDownTestSuite() { delete dir_; }

  static testing::EmbeddedResult Train(const std::string& name,
                                       const std::vector<std::string>& overrides) {
    return testing::TrainEmbedded(testing::BooksConfig(dir_->path() / "data", overrides),
                                  dir_->path() / "packed", dir_->path() / name);
  }

  static void ExpectSame(const std::vector<std::string>& overrides) {
    const auto run = Train("other", overrides);
    EXPECT_EQ(CompareModels(dir_->path() / "reference" / "model", dir_->path() / "other" / "model"),
              "");
    for (const char* file : {"dense.bin", "rows-00.bin", "rows-31.bin", "rows-63.bin"}) {
      EXPECT_EQ(dir_->Read(std::string("reference/model/") + file),
                dir_->Read(std::string("other/model/") + file))
          << file;
    }
    std::filesystem::remove_all(dir_->path() / "other");
  }

  static testing::ScratchDir* dir_;
};

testing::ScratchDir* ParityTest::dir_ = nullptr;

TEST_F(ParityTest, ServersAndWorkers) {
  for (const int servers : {1, 2, 3, 5}) {
    for (const int workers : {1, 2, 3, 4}) {
      SCOPED_TRACE(fmt::format("{} servers, {} workers", servers, workers));
      ExpectSame(
          {fmt::format("cluster.servers={}", servers), fmt::format("cluster.workers={}", workers)});
    }
  }
}

// How tables are cut decides where rows lie, not what they hold.
TEST_F(ParityTest, Partitions) {
  for (const char* partitions : {"256", "4096"}) {
    Train("other", {std::string("server.partitions=") + partitions, "cluster.servers=5",
                    "cluster.workers=2"});
    EXPECT_EQ(CompareModels(dir_->path() / "reference" / "model", dir_->path() / "other" / "model"),
              "");
    EXPECT_TRUE(std::filesystem::exists(dir_->path() / "other/model/rows-255.bin"));
    std::filesystem::remove_all(dir_->path() / "other");
  }
}

TEST_F(ParityTest, Threads) {
  ExpectSame({"cluster.threads=3"});
  ExpectSame({"cluster.threads=2", "cluster.workers=2", "cluster.servers=2"});
}

TEST_F(ParityTest, MoreWorkersThanSlices) {
  ExpectSame({"cluster.workers=12", "cluster.servers=7"});
}

TEST_F(ParityTest, OverTcp) {
  ExpectSame({"cluster.transport=tcp"});
  ExpectSame({"cluster.transport=tcp", "cluster.workers=3", "cluster.servers=2"});
}

TEST_F(ParityTest, EvaluationsInBetweenChangeNothing) {
  ExpectSame({"evaluate.every_steps=3", "cluster.workers=2"});
}

// One batch after another is what sync is, whoever computes it.
TEST_F(ParityTest, BoundedByZeroIsSync) {
  ExpectSame({"train.consistency=bounded", "train.staleness=0"});
  ExpectSame({"train.consistency=bounded", "train.staleness=0", "cluster.workers=3",
              "cluster.servers=2", "cluster.threads=2"});
  ExpectSame({"train.consistency=bounded", "train.staleness=0", "cluster.workers=2",
              "cluster.transport=tcp"});
}

// Rounded gradients too: each node of the tree is rounded, whoever adds it up.
TEST_F(ParityTest, RowsInBfloat16) {
  Train("reference16", {"train.row_format=bfloat16"});
  EXPECT_NE(
      CompareModels(dir_->path() / "reference" / "model", dir_->path() / "reference16" / "model"),
      "");
  for (const int workers : {2, 3, 4}) {
    Train("other16", {"train.row_format=bfloat16", fmt::format("cluster.workers={}", workers),
                      "cluster.servers=2"});
    EXPECT_EQ(
        CompareModels(dir_->path() / "reference16" / "model", dir_->path() / "other16" / "model"),
        "")
        << workers;
    std::filesystem::remove_all(dir_->path() / "other16");
  }
}

// Every other rule in every part that it goes with, over layouts, with rows in either precision.
TEST_F(ParityTest, UpdateRules) {
  for (const char* rule : {"adam", "sgd", "adagrad"}) {
    std::vector<std::string> overrides;
    for (const char* part : {"wide", "deep", "dense"})
      overrides.push_back(fmt::format("{}.optimizer={}", part, rule));
    if (std::string(rule) == "adam") overrides.emplace_back("deep.precision=bfloat16");
    Train("rule", overrides);
    EXPECT_NE(CompareModels(dir_->path() / "reference" / "model", dir_->path() / "rule" / "model"),
              "");
    for (const std::vector<std::string>& layout :
         {std::vector<std::string>{"cluster.servers=3", "cluster.workers=2"},
          {"cluster.servers=2", "cluster.workers=3", "cluster.threads=2",
           "cluster.transport=tcp"}}) {
      auto other = overrides;
      other.insert(other.end(), layout.begin(), layout.end());
      Train("other_rule", other);
      EXPECT_EQ(
          CompareModels(dir_->path() / "rule" / "model", dir_->path() / "other_rule" / "model"), "")
          << rule << ", " << layout.front();
    }
  }
}

// The optional parts of the model, with rounded rows too.
TEST_F(ParityTest, WithFm) {
  const std::vector<std::string> fm = {"model.fm=true", "column.book.dim=4"};
  for (const char* format : {"float32", "bfloat16"}) {
    const auto with = [&](std::vector<std::string> overrides) {
      overrides.insert(overrides.end(), fm.begin(), fm.end());
      overrides.push_back(fmt::format("train.row_format={}", format));
      return overrides;
    };
    const auto one = Train("reference_fm", with({}));
    Train("plain", {"column.book.dim=4", fmt::format("train.row_format={}", format)});
    EXPECT_NE(
        CompareModels(dir_->path() / "reference_fm" / "model", dir_->path() / "plain" / "model"),
        "");
    for (const std::vector<std::string>& layout : std::vector<std::vector<std::string>>{
             {"cluster.workers=2"},
             {"cluster.workers=3", "cluster.servers=2", "cluster.threads=2"},
             {"cluster.workers=4", "cluster.servers=3", "cluster.transport=tcp"}}) {
      const auto other = Train("other_fm", with(layout));
      EXPECT_EQ(CompareModels(dir_->path() / "reference_fm" / "model",
                              dir_->path() / "other_fm" / "model"),
                "")
          << format << " " << layout.front();
      EXPECT_EQ(other.result.report.metrics.auc, one.result.report.metrics.auc);
    }
  }
}

TEST_F(ParityTest, MetricsDoNotDependOnTheLayout) {
  const auto one = Train("one", {});
  const auto many = Train("many", {"cluster.workers=3", "cluster.servers=2", "cluster.threads=2"});
  ASSERT_EQ(one.metrics.size(), many.metrics.size());
  for (std::size_t i = 0; i < one.metrics.size(); ++i) {
    auto a = nlohmann::json::parse(one.metrics[i]), b = nlohmann::json::parse(many.metrics[i]);
    for (const char* timing : {"examples_per_second", "training_seconds"}) {
      a.erase(timing);
      b.erase(timing);
    }
    EXPECT_EQ(a, b);
  }
}

TEST_F(ParityTest, AnotherSeedIsAnotherModel) {
  Train("seed2", {"seed=2"});
  EXPECT_NE(CompareModels(dir_->path() / "reference" / "model", dir_->path() / "seed2" / "model"),
            "");
}

}  // namespace
}  // namespace fathom
