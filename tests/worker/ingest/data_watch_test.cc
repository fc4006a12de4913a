// What is told of data that look like a mistake.
#include "worker/ingest/data_watch.h"

#include <gtest/gtest.h>

#include "common/random.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"
#include "worker/ingest/ingest.h"

namespace fathom {
namespace {

constexpr auto kTest = static_cast<std::size_t>(DataPart::kTest);
constexpr auto kValidation = static_cast<std::size_t>(DataPart::kValidation);

class DataWatchTest : public ::testing::Test {
 protected:
  DataFindings Find(const Config& config, int threads = 1, const std::string& packed = "packed") {
    return Ingest(config, MakeModelSpec(config), dir_.path() / packed, threads,
                  [](const IngestProgress&) {})
        .findings;
  }
  Config Base() {
    Config config;
    config.data.dir = dir_.path();
    config.data.train = {"train*.csv"};
    config.data.test = {"test*.csv"};
    config.columns = {{.name = "a"}, {.name = "n", .kind = ColumnKind::kNumeric}};
    return config;
  }
  static std::string Rows(int begin, int end, const std::string& suffix = "") {
    std::string text = "label,a,n\n";
    for (int i = begin; i < end; ++i)
      text += fmt::format("{},v{}{},{}\n", i % 2, i % 50, suffix, i);
    return text;
  }

  testing::ScratchDir dir_;
};

TEST_F(DataWatchTest, LinesOfTheTestPartThatAreTrainedOn) {
  dir_.Write("train1.csv", Rows(0, 300));
  dir_.Write("train2.csv", Rows(300, 400));
  dir_.Write("test.csv", Rows(300, 400));
  EXPECT_EQ(Find(Base()).shared_lines[kTest], 100U);
  EXPECT_TRUE(Find(Base()).exact_lines) << "also where packed data are used again";
  // Other line ends, and one line of the hundred.
  dir_.Write("test.csv", "label,a,n\r\n1,v1,301\r\n0,v2,302\r\n0,v2,2302\r\n");
  EXPECT_EQ(Find(Base()).shared_lines[kTest], 1U + 1U);
  dir_.Write("test.csv", Rows(400, 500));
  EXPECT_EQ(Find(Base()).shared_lines[kTest], 0U);
}

TEST_F(DataWatchTest, ManyLinesAreEstimated) {
  dir_.Write("train.csv", Rows(0, 150000));
  dir_.Write("test.csv", Rows(120000, 160000));
  const DataFindings findings = Find(Base(), 2);
  EXPECT_FALSE(findings.exact_lines);
  EXPECT_NEAR(static_cast<double>(findings.shared_lines[kTest]), 30000, 6000);
}

// Where only the lines' begin tells them apart.
TEST_F(DataWatchTest, ManyLinesThatEndAlike) {
  std::string train = "label,a,n\n", test = train;
  for (int i = 0; i < 120000; ++i) {
    const std::string line = fmt::format("{},v{},10\n", i % 2, i);
    train += line;
    if (i >= 80000) test += line;
  }
  dir_.Write("train.csv", train);
  dir_.Write("test.csv", test);
  EXPECT_NEAR(static_cast<double>(Find(Base()).shared_lines[kTest]), 40000, 7000);
}

TEST_F(DataWatchTest, ValuesThatTheTrainingPartNeverHas) {
  dir_.Write("train.csv", Rows(0, 300));
  dir_.Write("test.csv", Rows(500, 700, ".0"));
  DataFindings findings = Find(Base());
  ASSERT_EQ(findings.unseen[kTest].size(), 1U);
  EXPECT_EQ(findings.unseen[kTest][0].column, "a");
  EXPECT_EQ(findings.unseen[kTest][0].values, 200U);
  EXPECT_EQ(findings.unseen[kTest][0].unseen, 200U);
  dir_.Write("test.csv", "label,a,n\n1,v1,1\n1,v99,2\n0,v2,3\n0,v98,4\n");
  findings = Find(Base());
  EXPECT_EQ(findings.unseen[kTest][0].unseen, 2U);
  EXPECT_EQ(findings.unseen[kTest][0].share(), 0.5);
  // What a vocabulary leaves out is unknown too, even if training lines have such values.
  Config rare = Base();
  rare.columns[0].transform = TransformKind::kVocabulary;
  rare.columns[0].min_count = 7;
  EXPECT_EQ(Find(rare).unseen[kTest][0].unseen, 4U);
}

TEST_F(DataWatchTest, UnseenValuesOfListsAndOfTheValidationPart) {
  std::string text = "label,a,n\n";
  for (int i = 0; i < 2000; ++i) text += fmt::format("{},t{}|u{},1\n", i % 2, i % 3, i);
  dir_.Write("train.csv", text);
  Config config = Base();
  config.data.test.clear();
  config.data.validation_fraction = 0.2;
  config.columns = {{.name = "a", .kind = ColumnKind::kMultivalent}};
  const DataFindings findings = Find(config);
  ASSERT_EQ(findings.unseen[kValidation].size(), 1U);
  EXPECT_EQ(findings.unseen[kValidation][0].share(), 0.5) << "each u is in one line alone";
}

// Columns of few and of very many values, beyond the lines that are all looked at.
TEST_F(DataWatchTest, ASampleOfManyValuesTellsTheShareToo) {
  std::string train = "label,a,b\n", test = "label,a,b\n";
  for (std::uint64_t i = 0; i < 130000; ++i)
    train += fmt::format("{},v{},w{}\n", i % 2, Mix64(1, i) % 60000, i % 1000);
  for (std::uint64_t i = 0; i < 20000; ++i)
    test += fmt::format("{},v{},w{}\n", i % 2, Mix64(2, i) % 120000, Mix64(3, i) % 1250);
  dir_.Write("train.csv", train);
  dir_.Write("test.csv", test);
  Config config = Base();
  config.columns = {{.name = "a"}, {.name = "b"}};
  const DataFindings findings = Find(config, 1, "one");
  // Half of a's values are beyond those of training, and of the others exp(-130 / 60) never came.
  // One value in 128 is looked at: the standard error of the share is 0.043.
  EXPECT_NEAR(findings.unseen[kTest][0].share(), 0.5 + 0.5 * 0.1146, 0.1);
  EXPECT_NEAR(findings.unseen[kTest][1].share(), 0.2, 0.01);
  const DataFindings again = Find(config, 4, "four");
  EXPECT_EQ(findings.unseen[kTest][0].unseen, again.unseen[kTest][0].unseen);
  EXPECT_EQ(findings.unseen[kTest][0].values, again.unseen[kTest][0].values);
  EXPECT_EQ(findings.shared_lines, again.shared_lines);
}

TEST_F(DataWatchTest, NumericColumnsThatNeverChange) {
  std::string text = "label,a,n,m,k\n";
  for (int i = 0; i < 100000; ++i)
    text += fmt::format("{},v,7,{},{}\n", i % 2, i == 99999 ? 1 : 0, i == 0 ? "" : "0");
  dir_.Write("train.csv", text);
  Config config = Base();
  config.data.test.clear();
  config.columns = {
      {.name = "a"},
      {.name = "n", .kind = ColumnKind::kNumeric, .transform = TransformKind::kStandardise},
      {.name = "m", .kind = ColumnKind::kNumeric},
      {.name = "unused", .source = "n", .kind = ColumnKind::kNumeric, .use = Use::kNone},
      {.name = "k", .kind = ColumnKind::kNumeric}};
  for (const int threads : {1, 3}) {
    EXPECT_EQ(Find(config, threads, fmt::format("with{}", threads)).constant_columns,
              (std::vector<std::string>{"n", "k"}));
  }
  dir_.Write("train.csv", "label,a,n,m,k\n1,a,1,1,1\n0,a,2,2,2\n");
  EXPECT_TRUE(Find(config).constant_columns.empty());
}

TEST_F(DataWatchTest, AColumnOfTheLinesAndOfAJoinedTable) {
  dir_.Write("train.csv", "label,item,rating\n1,i,5\n0,j,1\n");
  dir_.Write("items.csv", "item,rating,genre\ni,1,x\nj,5,y\n");
  Config config = Base();
  config.data.test.clear();
  config.joins = {{.file = "items.csv", .key = "item"}};
  config.columns = {{.name = "genre"}};
  Find(config);  // the other column that both have is not asked for
  config.data.label = "rating >= 4";
  const auto refused = [&](std::initializer_list<const char*> words) {
    testing::ExpectError(ExitCode::kData, words, [&] { Find(config); });
  };
  refused({"train.csv", "\"rating\"", "items.csv"});
  config.data.label = "label";
  config.columns.push_back({.name = "rating"});
  refused({"train.csv", "\"rating\"", "items.csv"});
  config.columns.pop_back();
  config.data.filter = {"rating != 3"};
  refused({"train.csv", "\"rating\"", "items.csv"});
  config.data.filter.clear();
  dir_.Write("more.csv", "item,genre\ni,1\n");
  config.joins.push_back({.file = "more.csv", .key = "item"});
  testing::ExpectError(ExitCode::kUsage, {"\"genre\"", "items.csv", "more.csv"},
                       [&] { Find(config); });
}

}  // namespace
}  // namespace fathom
