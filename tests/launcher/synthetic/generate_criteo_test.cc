#include "launcher/synthetic/generate_criteo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "launcher/commands/commands.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ScratchDir;
using Fields = std::vector<std::string>;

constexpr std::uint64_t kCriteoRows = 20000, kTestRows = 4000, kCriteoSeed = 5;
constexpr std::size_t kCounts = 13, kCategories = 26;

std::vector<Fields> ReadTsv(const ScratchDir& dir, const std::string& name) {
  std::vector<Fields> rows;
  std::istringstream in(dir.Read(name));
  for (std::string line; std::getline(in, line);) {
    Fields fields(1);
    for (const char c : line) {
      if (c == '\t') {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
    rows.push_back(std::move(fields));
  }
  return rows;
}

double PositiveRate(const std::vector<Fields>& rows) {
  const auto positives =
      std::count_if(rows.begin(), rows.end(), [](const Fields& row) { return row[0] == "1"; });
  return static_cast<double>(positives) / static_cast<double>(rows.size());
}

// One log for all tests that only look at it.
class GenerateCriteoTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new ScratchDir;
    truth_ = GenerateCriteo(kCriteoRows, kTestRows, kCriteoSeed, dir_->path());
    train_ = ReadTsv(*dir_, "train.tsv");
    test_ = ReadTsv(*dir_, "test.tsv");
  }
  static void TearDownTestSuite() {
    train_.clear();
    test_.clear();
    delete dir_;
    dir_ = nullptr;
  }

  static double EmptyShare(std::size_t field) {
    const auto empty = std::count_if(train_.begin(), train_.end(),
                                     [&](const Fields& row) { return row[field].empty(); });
    return static_cast<double>(empty) / static_cast<double>(kCriteoRows);
  }
  // How often each value of a category (0..25) stands in the training rows; empty ones left out.
  static std::map<std::string, std::size_t> ValuesOf(std::size_t category) {
    std::map<std::string, std::size_t> values;
    for (const Fields& row : train_) ++values[row[1 + kCounts + category]];
    values.erase("");
    return values;
  }

  static inline ScratchDir* dir_ = nullptr;
  static inline CriteoTruth truth_;
  static inline std::vector<Fields> train_, test_;
};

TEST_F(GenerateCriteoTest, SameSeedGivesTheSameBytes) {
  const ScratchDir again;
  GenerateCriteo(kCriteoRows, kTestRows, kCriteoSeed, again.path());
  for (const char* name : {"train.tsv", "test.tsv", "truth.json"})
    EXPECT_EQ(again.Read(name), dir_->Read(name)) << name;
}

TEST_F(GenerateCriteoTest, AnotherSeedGivesAnotherLog) {
  const ScratchDir other;
  GenerateCriteo(100, 100, kCriteoSeed + 1, other.path());
  EXPECT_NE(ReadTsv(other, "train.tsv").at(0), train_.at(0));
}

// The rows are drawn by number: a longer log begins with the shorter one.
TEST_F(GenerateCriteoTest, FewerRowsAreTheFirstOnes) {
  const ScratchDir shorter;
  GenerateCriteo(100, 10, kCriteoSeed, shorter.path());
  const auto rows = ReadTsv(shorter, "train.tsv");
  ASSERT_EQ(rows.size(), 100U);
  EXPECT_TRUE(std::equal(rows.begin(), rows.end(), train_.begin()));
}

TEST_F(GenerateCriteoTest, LinesHaveCriteosLayout) {
  EXPECT_EQ(train_.size(), kCriteoRows);
  EXPECT_EQ(test_.size(), kTestRows);
  for (const auto* rows : {&train_, &test_}) {
    for (const Fields& row : *rows) {
      ASSERT_EQ(row.size(), 1 + kCounts + kCategories);
      EXPECT_TRUE(row[0] == "0" || row[0] == "1") << row[0];
      for (std::size_t i = 1; i <= kCounts; ++i) {
        EXPECT_EQ(row[i].find_first_not_of("0123456789"), std::string::npos)
            << "count " << i << ": " << row[i];
      }
      for (std::size_t i = 1 + kCounts; i < row.size(); ++i) {
        if (row[i].empty()) continue;
        EXPECT_EQ(row[i].size(), 8U) << row[i];
        EXPECT_EQ(row[i].find_first_not_of("0123456789abcdef"), std::string::npos) << row[i];
      }
    }
  }
}

TEST_F(GenerateCriteoTest, SomeCountsAndValuesAreMissing) {
  const std::map<std::size_t, double> missing_counts = {{0, 0.40}, {1, 0},     {4, 0.03}, {7, 0},
                                                        {9, 0.40}, {11, 0.70}, {12, 0.20}};
  for (const auto& [count, share] : missing_counts)
    EXPECT_NEAR(EmptyShare(1 + count), share, 0.02) << "count " << count;
  const std::map<std::size_t, double> missing_values = {
      {2, 0.05}, {11, 0.05}, {18, 0.40}, {19, 0.30}};
  for (std::size_t c = 0; c < kCategories; ++c) {
    const auto share = missing_values.find(c);
    EXPECT_NEAR(EmptyShare(1 + kCounts + c), share == missing_values.end() ? 0 : share->second,
                0.02)
        << "category " << c;
    if (share == missing_values.end()) {
      EXPECT_EQ(EmptyShare(1 + kCounts + c), 0) << "category " << c;
    }
  }
}

TEST_F(GenerateCriteoTest, CountsAreLogNormal) {
  constexpr std::size_t kLargeCount = 4;  // its logarithm: mean 6.5, deviation 1.8
  std::vector<double> logs;
  for (const Fields& row : train_) {
    if (!row[1 + kLargeCount].empty()) logs.push_back(std::log1p(std::stod(row[1 + kLargeCount])));
  }
  double mean = 0, squares = 0;
  for (const double value : logs) mean += value / static_cast<double>(logs.size());
  for (const double value : logs)
    squares += (value - mean) * (value - mean) / static_cast<double>(logs.size());
  EXPECT_NEAR(mean, 6.5, 0.06);
  EXPECT_NEAR(std::sqrt(squares), 1.8, 0.06);
}

TEST_F(GenerateCriteoTest, CategoriesFollowZipfsLaw) {
  // Category 8 takes 10 values: the first's share by the continuous law that is cut off at 11.
  const auto few = ValuesOf(8);
  EXPECT_EQ(few.size(), 10U);
  std::vector<double> shares;
  for (const auto& [name, count] : few)
    shares.push_back(static_cast<double>(count) / static_cast<double>(kCriteoRows));
  std::sort(shares.rbegin(), shares.rend());
  const auto below = [](double rank) { return 1 - std::pow(rank, -0.1); };
  for (std::size_t rank = 1; rank <= shares.size(); ++rank) {
    const double share =
        (below(static_cast<double>(rank) + 1) - below(static_cast<double>(rank))) / below(11);
    EXPECT_NEAR(shares[rank - 1], share, 0.012) << "rank " << rank;
  }
  // Two million values: most of those seen are seen once, and yet some are frequent.
  const auto many = ValuesOf(2);
  const auto once =
      std::count_if(many.begin(), many.end(), [](const auto& value) { return value.second == 1; });
  EXPECT_GT(once, static_cast<std::ptrdiff_t>(many.size() / 2));
  EXPECT_GT(std::max_element(many.begin(), many.end(),
                             [](auto& a, auto& b) { return a.second < b.second; })
                ->second,
            kCriteoRows / 20);
}

TEST_F(GenerateCriteoTest, NoNameStandsInTwoCategories) {
  std::map<std::string, std::size_t> category_of;
  for (std::size_t c = 0; c < kCategories; ++c) {
    for (const auto& [name, count] : ValuesOf(c)) {
      EXPECT_EQ(category_of.emplace(name, c).first->second, c) << name;
    }
  }
}

TEST_F(GenerateCriteoTest, TestRowsAreNotTrainingRows) {
  const std::set<Fields> train(train_.begin(), train_.end());
  for (const Fields& row : test_) EXPECT_EQ(train.count(row), 0U);
}

TEST_F(GenerateCriteoTest, TruthFileCountsWhatTheLogHolds) {
  const auto truth = nlohmann::json::parse(dir_->Read("truth.json"));
  EXPECT_EQ(truth["seed"], kCriteoSeed);
  EXPECT_EQ(truth["rows"], kCriteoRows);
  EXPECT_EQ(truth["test_rows"], kTestRows);
  EXPECT_DOUBLE_EQ(truth["train_positive_rate"], PositiveRate(train_));
  EXPECT_DOUBLE_EQ(truth["test_positive_rate"], PositiveRate(test_));
  EXPECT_EQ(truth["test_auc"], truth_.test_auc);
  EXPECT_EQ(truth["test_logloss"], truth_.test_logloss);
}

TEST_F(GenerateCriteoTest, AQuarterClicksAndTheBestAucIsFourFifths) {
  EXPECT_NEAR(truth_.train_positive_rate, 0.25, 0.015);
  EXPECT_NEAR(truth_.test_positive_rate, 0.25, 0.03);
  EXPECT_NEAR(truth_.test_auc, 0.80, 0.025);
}

TEST_F(GenerateCriteoTest, BestLogLossBeatsTheRateAlone) {
  const double rate = truth_.test_positive_rate;
  const double entropy = -rate * std::log(rate) - (1 - rate) * std::log(1 - rate);
  EXPECT_GT(truth_.test_logloss, 0.3);
  EXPECT_LT(truth_.test_logloss, entropy - 0.05);
}

// Click rates of single values, learnt from the training rows, must tell the test rows apart (luck
// alone deviates by 0.01), but less well than the truth, which also knows pairs.
TEST_F(GenerateCriteoTest, TrainingRowsTellOfTheTestRows) {
  constexpr double kPrior = 20;
  const double rate = PositiveRate(train_);
  std::array<std::map<std::string, std::pair<double, double>>, kCategories> clicks;
  for (const Fields& row : train_) {
    for (std::size_t c = 0; c < kCategories; ++c) {
      auto& [positives, count] = clicks[c][row[1 + kCounts + c]];
      positives += row[0] == "1" ? 1 : 0;
      count += 1;
    }
  }
  std::vector<double> positives, negatives;
  for (const Fields& row : test_) {
    double score = 0;
    for (std::size_t c = 0; c < kCategories; ++c) {
      const auto& [clicked, count] = clicks[c][row[1 + kCounts + c]];
      const double p = (clicked + kPrior * rate) / (count + kPrior);
      score += std::log(p / (1 - p));
    }
    (row[0] == "1" ? positives : negatives).push_back(score);
  }
  double wins = 0;
  for (const double p : positives) {
    for (const double n : negatives) wins += p > n ? 1.0 : p == n ? 0.5 : 0.0;
  }
  const double auc =
      wins / (static_cast<double>(positives.size()) * static_cast<double>(negatives.size()));
  EXPECT_GT(auc, 0.60);
  EXPECT_LT(auc, truth_.test_auc - 0.03);
}

TEST_F(GenerateCriteoTest, LeavesNoPartialFiles) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir_->path()))
    names.insert(entry.path().filename());
  EXPECT_EQ(names, (std::set<std::string>{"test.tsv", "train.tsv", "truth.json"}));
}

TEST(GenerateCriteo, FileInPlaceOfTheFolderIsRefused) {
  const ScratchDir dir;
  const auto file = dir.Write("taken", "");
  testing::ExpectError(ExitCode::kUsage, {"taken", "folder"},
                       [&] { GenerateCriteo(10, 10, 1, file); });
}

TEST(GenerateCriteo, FailedRunLeavesNoOlderTruth) {
  const ScratchDir dir;
  dir.Write("truth.json", "{}");
  dir.Write("test.tsv/in_the_way", "");
  testing::ExpectError(ExitCode::kData, {"test.tsv"},
                       [&] { GenerateCriteo(10, 10, 1, dir.path()); });
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "truth.json"));
}

TEST(GenerateCommand, CriteoTestsOnATenthUnlessTold) {
  const ScratchDir dir;
  GenerateArguments arguments{
      .log = SyntheticLog::kCriteo, .rows = 50, .test_rows = 0, .seed = 1, .out = dir.path()};
  ::testing::internal::CaptureStdout();
  GenerateCommand(arguments);
  EXPECT_NE(::testing::internal::GetCapturedStdout().find("50 rows to train on"),
            std::string::npos);
  EXPECT_EQ(ReadTsv(dir, "train.tsv").size(), 50U);
  EXPECT_EQ(ReadTsv(dir, "test.tsv").size(), 5U);
}

TEST(GenerateCommand, BooksSayTheBestAuc) {
  const ScratchDir dir;
  GenerateArguments arguments{
      .log = SyntheticLog::kBooks, .rows = 200, .test_rows = 0, .seed = 1, .out = dir.path()};
  ::testing::internal::CaptureStdout();
  GenerateCommand(arguments);
  EXPECT_NE(::testing::internal::GetCapturedStdout().find("best reachable test AUC"),
            std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(dir.path() / "truth.json"));
}

}  // namespace
}  // namespace fathom
