// Filters, regular expressions, counts and target means from text to packed examples.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "common/metrics/metrics.h"
#include "common/random.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"
#include "worker/data/packed_data.h"
#include "worker/ingest/ingest.h"

namespace fathom {
namespace {

using testing::ExpectError;

class IngestFeaturesTest : public ::testing::Test {
 protected:
  IngestResult Run(const Config& config, int threads = 1, const std::string& packed = "packed") {
    return Ingest(config, MakeModelSpec(config), dir_.path() / packed, threads,
                  [](const IngestProgress&) {});
  }
  Config Base() {
    Config config;
    config.data.dir = dir_.path();
    config.data.train = {"train.csv"};
    return config;
  }
  std::string Text(const std::filesystem::path& file) {
    return dir_.Read(std::filesystem::relative(file, dir_.path()));
  }

  testing::ScratchDir dir_;
};

// Whatever stands between them, numbers come to their own columns: those that are read together, as
// where a text may mean one thing only, and those that are made of texts.
TEST_F(IngestFeaturesTest, NumbersOfEveryOrderOfColumns) {
  std::string text = "label,x,y,v,shop,tags\n";
  for (int i = 0; i < 60; ++i)
    text += fmt::format("{},{},{},\"v{}, w\",s{},t{}|t{}\n", i % 2, 0.5 * i, i * i, 100 + i, i % 7,
                        i % 3, i % 4);
  dir_.Write("train.csv", text);
  std::vector<ColumnConfig> columns = {
      {.name = "sold",
       .source = "shop",
       .kind = ColumnKind::kNumeric,
       .transform = TransformKind::kCount},
      {.name = "x", .kind = ColumnKind::kNumeric},
      {.name = "tags", .kind = ColumnKind::kMultivalent},
      {.name = "version", .source = "v", .extract = "v(\\d+)", .kind = ColumnKind::kNumeric},
      {.name = "shop"},
      {.name = "mean",
       .source = "shop",
       .kind = ColumnKind::kNumeric,
       .transform = TransformKind::kTargetMean},
      {.name = "y", .kind = ColumnKind::kNumeric, .transform = TransformKind::kStandardise}};
  std::map<std::string, std::vector<float>> first;
  for (std::size_t order = 0; order < 2 * columns.size(); ++order) {
    std::rotate(columns.begin(), columns.begin() + 1, columns.end());
    if (order == columns.size()) std::reverse(columns.begin(), columns.end());
    for (const bool one_by_one : {false, true}) {
      Config config = Base();
      config.columns = columns;
      if (one_by_one) config.data.missing = {"", "?"};
      const PackedData train(Run(config).train, MakeModelSpec(config));
      std::map<std::string, std::vector<float>> numbers;
      for (std::uint64_t i = 0; i < train.examples(); ++i) {
        std::size_t place = 0;
        for (const ColumnConfig& column : columns) {
          if (column.kind == ColumnKind::kNumeric)
            numbers[column.name].push_back(train.Example(i).numerics[place++]);
        }
      }
      EXPECT_EQ(numbers.at("x")[7], 3.5F);
      EXPECT_EQ(numbers.at("version")[7], 107);
      if (first.empty()) first = numbers;
      EXPECT_EQ(numbers, first) << "order " << order << (one_by_one ? ", one by one" : "");
    }
  }
}

TEST_F(IngestFeaturesTest, FilterLeavesLinesOutOfEveryPart) {
  dir_.Write("train.csv", "label,a,n,keep\n1,x,1,yes\n0,y,100,no\n0,x,3,yes\n1,y,200,\n");
  dir_.Write("test.csv", "label,a,n,keep\n1,x,1,yes\n0,y,5,no\nnone,y,5,no\n");
  Config config = Base();
  config.data.test = {"test.csv"};
  config.data.filter = {"keep == yes"};
  config.columns = {
      {.name = "a"},
      {.name = "n", .kind = ColumnKind::kNumeric, .transform = TransformKind::kStandardise}};
  const IngestResult result = Run(config);
  EXPECT_EQ(result.train_examples, 2U);
  EXPECT_EQ(result.test_examples, 1U);
  EXPECT_EQ(result.filtered_lines, 4U) << "also the line whose label would be bad";
  EXPECT_EQ(result.bad_lines, 0U);
  // Nothing is learnt from them: 1 and 3 have the mean 2 and the deviation 1.
  EXPECT_EQ(PackedData(result.train, MakeModelSpec(config)).Example(0).numerics[0], -1);
  const IngestResult again = Run(config);
  EXPECT_TRUE(again.reused);
  EXPECT_EQ(again.filtered_lines, 4U);
  config.data.filter = {"n > 0", "keep == yes"};
  EXPECT_FALSE(Run(config).reused);
  config.data.filter = {"keep == maybe"};
  ExpectError(ExitCode::kData, {"data.filter leaves out all"}, [&] { Run(config); });
  config.data.filter = {"a > 0"};
  ExpectError(ExitCode::kData, {"train.csv:2", "data.filter: column a = \"x\" is no number"},
              [&] { Run(config); });
  config.data.filter = {"nowhere == 1"};
  ExpectError(ExitCode::kData, {"no column \"nowhere\""}, [&] { Run(config); });
}

TEST_F(IngestFeaturesTest, ExtractBeforeTheTransformOfColumnsOfOneSource) {
  dir_.Write(
      "train.csv",
      "label,title,genres\n1,Heat (1995),g=a|b;x\n0,Alien (1979),g=b;y\n0,Untitled,\n1,,g=;\n");
  Config config = Base();
  const std::string year = "\\((\\d{4})\\)$";
  config.columns = {{.name = "title"},
                    {.name = "year", .source = "title", .extract = year},
                    {.name = "decade",
                     .source = "title",
                     .extract = year,
                     .transform = TransformKind::kBuckets,
                     .boundaries = {1980, 1990}},
                    {.name = "age",
                     .source = "title",
                     .extract = year,
                     .kind = ColumnKind::kNumeric,
                     .transform = TransformKind::kStandardise},
                    {.name = "genres", .extract = "g=([^;]*);", .kind = ColumnKind::kMultivalent}};
  const IngestResult result = Run(config);
  const PackedData train(result.train, MakeModelSpec(config));
  const auto seed = [](const char* name) { return ColumnSeed(name); };
  EXPECT_EQ(train.Example(0).keys[0], ValueKey(seed("title"), "Heat (1995)"));
  EXPECT_EQ(train.Example(0).keys[1], ValueKey(seed("year"), "1995"));
  EXPECT_EQ(train.Example(0).keys[2], BucketKey(seed("decade"), 2));
  EXPECT_EQ(train.Example(1).keys[2], BucketKey(seed("decade"), 0));
  EXPECT_EQ(train.Example(0).numerics[0], 1);  // mean 1987, deviation 8
  EXPECT_EQ(train.Example(1).numerics[0], -1);
  for (const std::uint64_t no_match : {2, 3}) {
    EXPECT_EQ(train.Example(no_match).keys[1], MissingKey(seed("year")));
    EXPECT_EQ(train.Example(no_match).numerics[0], 0);
    EXPECT_TRUE(train.Example(no_match).list(0).empty());
  }
  ASSERT_EQ(train.Example(0).list(0).size(), 2U);
  EXPECT_EQ(train.Example(0).list(0)[1], ValueKey(seed("genres"), "b"));
  config.columns[1].extract = "(";
  ExpectError(ExitCode::kUsage, {"\"year\"", "extract", "missing )"}, [&] { Run(config); });
}

TEST_F(IngestFeaturesTest, ARangeOfLibsvmIndicesIsAWeightedList) {
  dir_.Write("train.svm", "1 1:0.5 100:2 101:1\n0 1:1.5 200:1\n");
  Config config = Base();
  config.data.train = {"train.svm"};
  config.data.format = DataFormat::kLibsvm;
  config.columns = {
      {.name = "words", .source = "100..199", .kind = ColumnKind::kMultivalent, .weighted = true},
      {.name = "x", .source = "1", .kind = ColumnKind::kNumeric}};
  const IngestResult result = Run(config);
  const PackedData train(result.train, MakeModelSpec(config));
  ASSERT_EQ(train.Example(0).list(0).size(), 2U);
  EXPECT_EQ(train.Example(0).list(0)[0], ValueKey(ColumnSeed("words"), "100"));
  EXPECT_EQ(train.Example(0).weights(0)[0], 2);
  EXPECT_TRUE(train.Example(1).list(0).empty());
  // Several pairs are no number: neither the last one's nor the first one's.
  config.columns[0] = {.name = "words", .source = "100..199", .kind = ColumnKind::kNumeric};
  ExpectError(ExitCode::kData, {"train.svm:1", "more than one value for it: 100:2 101:1"},
              [&] { Run(config); });
}

// Labels drawn at random, ids of which most occur a few times.
std::string RandomLines(std::uint64_t seed, std::uint64_t lines) {
  std::string text = "label,id\n";
  for (std::uint64_t i = 0; i < lines; ++i)
    text += fmt::format("{},u{}\n", Mix64(seed, 2 * i) % 2, Mix64(seed, 2 * i + 1) % (lines / 3));
  return text;
}

Metrics MetricsOfColumn(const PackedData& data) {
  std::vector<float> scores;
  std::vector<std::uint8_t> labels;
  for (std::uint64_t i = 0; i < data.examples(); ++i) {
    scores.push_back(data.Example(i).numerics[0]);
    labels.push_back(data.Example(i).label);
  }
  return ComputeMetrics(scores, labels, {});
}

TEST_F(IngestFeaturesTest, TargetMeansOfRandomLabelsTellNothing) {
  dir_.Write("train.csv", RandomLines(1, 30000));
  dir_.Write("test.csv", RandomLines(2, 30000));
  Config config = Base();
  config.data.test = {"test.csv"};
  config.columns = {{.name = "mean",
                     .source = "id",
                     .kind = ColumnKind::kNumeric,
                     .transform = TransformKind::kTargetMean}};
  const IngestResult result = Run(config, 2);
  const ModelSpec spec = MakeModelSpec(config);
  for (const Metrics& metrics : {MetricsOfColumn(PackedData(result.train, spec)),
                                 MetricsOfColumn(PackedData(result.test, spec, DataPart::kTest))}) {
    EXPECT_LE(metrics.auc_low, 0.5);
    EXPECT_GE(metrics.auc_high, 0.5);
  }
  // Means that know the line itself would: the training lines as if they were test lines.
  const PackedInput leaking =
      PackInput(config, spec, {Text(result.transforms), nullptr}, {dir_.path() / "train.csv"}, true,
                BadLines::kAreLimited, dir_.path() / "leaking.fpk", 1);
  EXPECT_GT(MetricsOfColumn(PackedData(leaking.path, spec, DataPart::kTest)).auc_low, 0.7);
}

TEST_F(IngestFeaturesTest, TargetMeansFindWhatIsThere) {
  std::string text = "label,id\n";
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const std::uint64_t id = Mix64(i) % 50;
    text += fmt::format("{},{}\n", Mix64(9, i) % 50 < id ? 1 : 0, id);
  }
  dir_.Write("train.csv", text);
  Config config = Base();
  config.columns = {{.name = "mean",
                     .source = "id",
                     .kind = ColumnKind::kNumeric,
                     .transform = TransformKind::kTargetMean}};
  EXPECT_GT(MetricsOfColumn(PackedData(Run(config).train, MakeModelSpec(config))).auc, 0.8);
}

TEST_F(IngestFeaturesTest, CountsAndMeansHaveTheSameBitsOnAnyNumberOfThreads) {
  dir_.Write("train.csv", RandomLines(3, 130000));  // several blocks
  Config config = Base();
  config.data.test_fraction = 0.2;
  config.data.filter = {"id != u7|u8|u9"};
  config.columns = {{.name = "mean",
                     .source = "id",
                     .kind = ColumnKind::kNumeric,
                     .transform = TransformKind::kTargetMean},
                    {.name = "count",
                     .source = "id",
                     .extract = "u(.*)",
                     .kind = ColumnKind::kNumeric,
                     .transform = TransformKind::kCount,
                     .missing_as = MissingAs::kZero}};
  const IngestResult one = Run(config, 1, "one"), four = Run(config, 4, "four");
  EXPECT_EQ(Text(one.train), Text(four.train));
  EXPECT_EQ(Text(one.test), Text(four.test));
  EXPECT_EQ(Text(one.transforms), Text(four.transforms));
  EXPECT_GT(one.test_examples, 0U);
}

}  // namespace
}  // namespace fathom
