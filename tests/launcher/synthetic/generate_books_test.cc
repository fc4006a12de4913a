#include "launcher/synthetic/generate_books.h"

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

#include "common/metrics/metrics.h"
#include "common/schedule/split.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ScratchDir;

constexpr std::uint64_t kRows = 20000;
constexpr std::uint64_t kSeed = 3;

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> fields;
  std::istringstream in(text);
  for (std::string field; std::getline(in, field, separator);) fields.push_back(field);
  if (!text.empty() && text.back() == separator && separator != '\n') fields.emplace_back();
  return fields;
}

// The records of a file below its header, which must be the one given.
std::vector<std::vector<std::string>> ReadCsv(const ScratchDir& dir, const std::string& name,
                                              const std::string& header) {
  std::vector<std::vector<std::string>> records;
  for (const std::string& line : Split(dir.Read(name), '\n')) records.push_back(Split(line, ','));
  EXPECT_EQ(records.at(0), Split(header, ','));
  records.erase(records.begin());
  return records;
}

struct Row {
  std::string reader, book;
  bool positive = false, test = false;
  double probability = 0;
};

// One log for all tests that only look at it.
class GenerateBooksTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new ScratchDir;
    truth_ = GenerateBooks(kRows, kSeed, dir_->path());
    const auto ratings = ReadCsv(*dir_, "ratings.csv", "reader_id,book_id,rating");
    const auto truths = ReadCsv(*dir_, "truth.csv", "reader_id,book_id,probability");
    ASSERT_EQ(ratings.size(), truths.size());
    for (std::size_t i = 0; i < ratings.size(); ++i) {
      ASSERT_EQ(truths[i][0], ratings[i][0]) << "row " << i;
      ASSERT_EQ(truths[i][1], ratings[i][1]) << "row " << i;
      Row row{.reader = ratings[i][0], .book = ratings[i][1]};
      row.positive = std::stoi(ratings[i][2]) >= 4;
      row.probability = std::stod(truths[i][2]);
      const std::array<std::string_view, 2> fields = {row.reader, row.book};
      row.test = SplitPoint(1, fields) < 0.2;
      rows_.push_back(row);
    }
  }
  static void TearDownTestSuite() {
    rows_.clear();
    delete dir_;
    dir_ = nullptr;
  }

  static nlohmann::json TruthJson() { return nlohmann::json::parse(dir_->Read("truth.json")); }

  static inline ScratchDir* dir_ = nullptr;
  static inline BooksTruth truth_;
  static inline std::vector<Row> rows_;
};

// Mann and Whitney's definition: the share of (positive, negative) pairs in the right order.
double PairwiseAuc(const std::vector<double>& positives, const std::vector<double>& negatives) {
  double wins = 0;
  for (const double p : positives) {
    for (const double n : negatives) wins += p > n ? 1.0 : p == n ? 0.5 : 0.0;
  }
  return wins / (static_cast<double>(positives.size()) * static_cast<double>(negatives.size()));
}

template <typename Score>
double TestAuc(const std::vector<Row>& rows, Score score) {
  std::vector<double> positives, negatives;
  for (const Row& row : rows) {
    if (row.test) (row.positive ? positives : negatives).push_back(score(row));
  }
  return PairwiseAuc(positives, negatives);
}

double Variance(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double mean = sum / static_cast<double>(values.size());
  for (const double value : values) squares += (value - mean) * (value - mean);
  return squares / static_cast<double>(values.size());
}

// Takes the mean of each group out of the values.
void Centre(const std::vector<std::string>& groups, std::vector<double>* values) {
  std::map<std::string, std::pair<double, double>> sums;
  for (std::size_t i = 0; i < values->size(); ++i) {
    sums[groups[i]].first += (*values)[i];
    sums[groups[i]].second += 1;
  }
  for (std::size_t i = 0; i < values->size(); ++i) {
    (*values)[i] -= sums[groups[i]].first / sums[groups[i]].second;
  }
}

TEST_F(GenerateBooksTest, SameSeedGivesTheSameBytes) {
  const ScratchDir again;
  GenerateBooks(kRows, kSeed, again.path());
  for (const char* name : {"ratings.csv", "books.csv", "truth.csv", "truth.json"}) {
    EXPECT_EQ(again.Read(name), dir_->Read(name)) << name;
  }
}

TEST_F(GenerateBooksTest, AnotherSeedGivesAnotherLog) {
  const ScratchDir other;
  GenerateBooks(kRows, kSeed + 1, other.path());
  for (const char* name : {"ratings.csv", "books.csv", "truth.csv"}) {
    EXPECT_NE(other.Read(name), dir_->Read(name)) << name;
  }
}

TEST_F(GenerateBooksTest, RatingsAreStarsOfDifferentPairs) {
  std::set<std::pair<std::string, std::string>> pairs;
  std::map<std::string, int> stars;
  for (const auto& record : ReadCsv(*dir_, "ratings.csv", "reader_id,book_id,rating")) {
    ASSERT_EQ(record.size(), 3U);
    EXPECT_TRUE(pairs.emplace(record[0], record[1]).second) << record[0] << ", " << record[1];
    ++stars[record[2]];
  }
  EXPECT_EQ(pairs.size(), kRows);
  EXPECT_EQ(stars.size(), 5U);
  for (const char* star : {"1", "2", "3", "4", "5"}) EXPECT_GT(stars[star], 0) << star;
}

TEST_F(GenerateBooksTest, EveryRatedBookHasGenresAndSomeHaveNoYear) {
  std::set<std::string> books, genres;
  std::size_t without_year = 0;
  for (const auto& record : ReadCsv(*dir_, "books.csv", "book_id,genres,year")) {
    ASSERT_EQ(record.size(), 3U);
    EXPECT_TRUE(books.insert(record[0]).second) << record[0];
    const auto own = Split(record[1], '|');
    EXPECT_GE(own.size(), 1U);
    EXPECT_LE(own.size(), 3U);
    EXPECT_EQ(std::set<std::string>(own.begin(), own.end()).size(), own.size()) << record[1];
    genres.insert(own.begin(), own.end());
    if (record[2].empty()) ++without_year;
  }
  for (const Row& row : rows_) EXPECT_EQ(books.count(row.book), 1U) << row.book;
  EXPECT_EQ(books.size(), truth_.books);
  EXPECT_EQ(genres.size(), TruthJson()["genres"]);
  EXPECT_GT(without_year, 0U);
  EXPECT_LT(without_year, books.size() / 5);
}

TEST_F(GenerateBooksTest, TruthFileCountsWhatTheLogHolds) {
  std::set<std::string> readers;
  std::size_t positives = 0, tests = 0;
  for (const Row& row : rows_) {
    readers.insert(row.reader);
    positives += row.positive ? 1 : 0;
    tests += row.test ? 1 : 0;
  }
  const nlohmann::json truth = TruthJson();
  EXPECT_EQ(truth["rows"], kRows);
  EXPECT_EQ(rows_.size(), kRows);
  EXPECT_EQ(truth["seed"], kSeed);
  EXPECT_EQ(truth["readers"], readers.size());
  EXPECT_EQ(truth["books"], truth_.books);
  EXPECT_EQ(truth["test_rows"], tests);
  EXPECT_DOUBLE_EQ(truth["positive_rate"], static_cast<double>(positives) / kRows);
  EXPECT_NEAR(static_cast<double>(tests) / kRows, 0.2, 0.01);
}

TEST_F(GenerateBooksTest, LabelsFollowTheTrueProbabilities) {
  constexpr std::size_t kBins = 10;
  std::array<double, kBins> expected{}, variance{}, seen{};
  for (const Row& row : rows_) {
    ASSERT_GT(row.probability, 0);
    ASSERT_LT(row.probability, 1);
    const auto bin = static_cast<std::size_t>(row.probability * kBins);
    expected[bin] += row.probability;
    variance[bin] += row.probability * (1 - row.probability);
    seen[bin] += row.positive ? 1 : 0;
  }
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    EXPECT_NEAR(seen[bin], expected[bin], 4 * std::sqrt(variance[bin])) << "bin " << bin;
  }
}

TEST_F(GenerateBooksTest, BestAucIsThatOfTheTrueProbabilityOnTheTestRows) {
  const double auc = TestAuc(rows_, [](const Row& row) { return row.probability; });
  EXPECT_NEAR(TruthJson()["test_auc"], auc, 1e-5);  // truth.csv has six decimals
  EXPECT_GT(auc, 0.80);
  EXPECT_LT(auc, 0.86);
}

TEST_F(GenerateBooksTest, AdditiveMeansFallFarShortOfTheTruth) {
  struct Mean {
    double positives = 0, count = 0;
  };
  std::map<std::string, Mean> readers, books;
  Mean all;
  for (const Row& row : rows_) {
    if (row.test) continue;
    for (Mean* mean : {&all, &readers[row.reader], &books[row.book]}) {
      mean->positives += row.positive ? 1 : 0;
      mean->count += 1;
    }
  }
  const auto shrunk = [&](const Mean& mean) {
    return (mean.positives + 10 * all.positives / all.count) / (mean.count + 10);
  };
  const double auc = TestAuc(
      rows_, [&](const Row& row) { return shrunk(readers[row.reader]) + shrunk(books[row.book]); });
  EXPECT_NEAR(TruthJson()["additive_means_test_auc"], auc, 1e-5);
  EXPECT_GT(auc, 0.6);
  EXPECT_LT(auc, truth_.test_auc - 0.08);
}

TEST_F(GenerateBooksTest, SharesOfTheVarianceAddUpToOne) {
  const nlohmann::json truth = TruthJson();
  double sum = 0;
  for (const char* part :
       {"reader_bias_share", "book_bias_share", "genre_taste_share", "factors_share"}) {
    EXPECT_GT(truth[part], 0) << part;
    sum += truth[part].get<double>();
  }
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_GE(truth["factors_share"], 0.25);
}

// From outside: what reader, book and the reader's taste for each genre explain of the true logit
// is taken out by backfitting; the factors are what remains.
TEST_F(GenerateBooksTest, FactorsExplainAQuarterOfTheLogitOrMore) {
  std::map<std::string, std::vector<std::string>> genres;
  std::set<std::string> all_genres;
  for (const auto& record : ReadCsv(*dir_, "books.csv", "book_id,genres,year")) {
    const auto& own = genres[record[0]] = Split(record[1], '|');
    all_genres.insert(own.begin(), own.end());
  }
  std::vector<std::string> readers, books;
  std::vector<double> residual;
  for (const Row& row : rows_) {
    readers.push_back(row.reader);
    books.push_back(row.book);
    residual.push_back(std::log(row.probability / (1 - row.probability)));
  }
  const double whole = Variance(residual);
  for (int sweep = 0; sweep < 8; ++sweep) {
    Centre(readers, &residual);
    Centre(books, &residual);
    // The tastes: a least squares step along each (reader, genre), whose regressor is 1 over the
    // book's number of genres.
    for (const std::string& genre : all_genres) {
      std::map<std::string, std::pair<double, double>> sums;
      std::vector<double> weight(rows_.size(), 0.0);
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        const auto& own = genres[books[i]];
        if (std::find(own.begin(), own.end(), genre) == own.end()) continue;
        weight[i] = 1.0 / static_cast<double>(own.size());
        sums[readers[i]].first += weight[i] * residual[i];
        sums[readers[i]].second += weight[i] * weight[i];
      }
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        if (weight[i] > 0)
          residual[i] -= weight[i] * sums[readers[i]].first / sums[readers[i]].second;
      }
    }
  }
  EXPECT_GE(Variance(residual) / whole, 0.25);
}

TEST_F(GenerateBooksTest, PopularityIsLongTailed) {
  std::map<std::string, std::size_t> readers, books;
  for (const Row& row : rows_) ++readers[row.reader], ++books[row.book];
  for (const auto& counts : {readers, books}) {
    std::vector<std::size_t> descending;
    for (const auto& [name, count] : counts) descending.push_back(count);
    std::sort(descending.rbegin(), descending.rend());
    const std::size_t half = descending.size() / 2;
    double top = 0, bottom = 0;
    for (std::size_t i = 0; i < half; ++i) top += static_cast<double>(descending[i]);
    for (std::size_t i = half; i < descending.size(); ++i)
      bottom += static_cast<double>(descending[i]);
    EXPECT_GT(top, 1.5 * bottom);
    EXPECT_GT(descending[descending.size() / 100], 1.5 * static_cast<double>(descending[half]));
  }
}

TEST_F(GenerateBooksTest, LeavesNoPartialFiles) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir_->path()))
    names.insert(entry.path().filename());
  EXPECT_EQ(names, (std::set<std::string>{"books.csv", "ratings.csv", "truth.csv", "truth.json"}));
}

TEST(GenerateBooks, FewestRowsMakeALog) {
  const ScratchDir dir;
  const BooksTruth truth = GenerateBooks(100, 1, dir.path());
  EXPECT_EQ(truth.rows, 100U);
  EXPECT_TRUE(std::isfinite(truth.test_auc));
  EXPECT_EQ(ReadCsv(dir, "ratings.csv", "reader_id,book_id,rating").size(), 100U);
}

TEST(GenerateBooks, TooFewRowsAreRefused) {
  const ScratchDir dir;
  testing::ExpectError(ExitCode::kUsage, {"99 rows", "100"},
                       [&] { GenerateBooks(99, 1, dir.path()); });
  testing::ExpectError(ExitCode::kUsage, {"0 rows"}, [&] { GenerateBooks(0, 1, dir.path()); });
}

TEST(GenerateBooks, FileInPlaceOfTheFolderIsRefused) {
  const ScratchDir dir;
  const auto file = dir.Write("taken", "");
  testing::ExpectError(ExitCode::kUsage, {"taken", "folder"}, [&] { GenerateBooks(100, 1, file); });
}

TEST(GenerateBooks, FailedRunLeavesNoOlderTruth) {
  const ScratchDir dir;
  GenerateBooks(100, 1, dir.path());
  std::filesystem::remove(dir.path() / "ratings.csv");
  dir.Write("ratings.csv/in_the_way", "");
  testing::ExpectError(ExitCode::kData, {"ratings.csv"},
                       [&] { GenerateBooks(100, 2, dir.path()); });
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "truth.json"));
}

}  // namespace
}  // namespace fathom
