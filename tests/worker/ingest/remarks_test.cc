#include "worker/ingest/remarks.h"

#include <gtest/gtest.h>

#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

constexpr auto kTestPart = static_cast<std::size_t>(DataPart::kTest);

// The warnings, or the other remarks, that have the words.
std::size_t Count(const std::vector<Remark>& remarks, bool warnings, const std::string& words) {
  std::size_t count = 0;
  for (const Remark& remark : remarks)
    count += remark.is_warning == warnings && remark.text.find(words) != std::string::npos;
  return count;
}

TEST(Remarks, NothingIsSaidOfGoodData) {
  Config config;
  config.columns = {{.name = "a"}};
  IngestResult result;
  result.train_examples = result.test_examples = 1000;
  result.findings.unseen[kTestPart] = {{"a", 1000, 0}};
  EXPECT_TRUE(RemarksOn(config, result).empty());
}

TEST(Remarks, ALabelAmongTheFeatures) {
  Config config;
  config.data.label = "rating >= 4";
  config.columns = {{.name = "stars", .source = "rating"}, {.name = "rating", .use = Use::kNone}};
  EXPECT_EQ(Count(RemarksOn(config, {}), true, "column stars"), 1U);
  EXPECT_EQ(RemarksOn(config, {}).size(), 1U);
  config.crosses = {{.columns = {"rating", "stars"}}};
  EXPECT_EQ(Count(RemarksOn(config, {}), true, "column rating"), 1U);
}

TEST(Remarks, ConstantColumnsAndSharedLines) {
  IngestResult result;
  result.train_examples = 500;
  result.test_examples = 1000;
  result.findings.constant_columns = {"x", "y"};
  result.findings.shared_lines[kTestPart] = 9;
  auto remarks = RemarksOn({}, result);
  EXPECT_EQ(Count(remarks, true, "2 numeric columns have the same number in all 500"), 1U);
  EXPECT_EQ(Count(remarks, false, "9 of the 1000 test lines (0.9 %)"), 1U);
  result.findings.shared_lines[kTestPart] = 10;
  result.findings.exact_lines = false;
  remarks = RemarksOn({}, result);
  EXPECT_EQ(Count(remarks, true, "about 10 of the 1000 test lines (1.0 %)"), 1U);
}

TEST(Remarks, UnseenValues) {
  IngestResult result;
  result.test_examples = 1000;
  result.findings.unseen[kTestPart] = {
      {"few", 99, 99}, {"most", 100, 90}, {"some", 1000, 899}, {"sampled", 20, 20, 64}};
  const auto remarks = RemarksOn({}, result);
  EXPECT_EQ(Count(remarks, false, "few 100.0 %, most 90.0 %, some 89.9 %, sampled 100.0 %"), 1U);
  EXPECT_EQ(Count(remarks, true, "column most: 90.0 % of the test values"), 1U);
  EXPECT_EQ(remarks.size(), 3U);
  EXPECT_EQ(SummaryForMetrics(result),
            "{\"train_examples\":0,\"filtered_lines\":0,\"bad_lines\":0,\"constant_columns\":[],"
            "\"test\":{\"examples\":1000,\"lines_of_training\":0,"
            "\"unseen\":{\"few\":1.0,\"most\":0.9,\"some\":0.899,\"sampled\":1.0}}}");
}

// By users, no user of the test part is in the training part: no value is written another way.
TEST(Remarks, NoWarningOfValuesThatTheSplitKeepsTogether) {
  Config config;
  config.columns = {{.name = "reader", .source = "user"}, {.name = "book"}};
  config.data.split_by = {"user"};
  config.data.test_fraction = 0.2;
  IngestResult result;
  result.test_examples = 1000;
  result.findings.unseen[kTestPart] = {{"reader", 1000, 1000}};
  auto remarks = RemarksOn(config, result);
  EXPECT_EQ(Count(remarks, false, "reader 100.0 %"), 1U) << "it is counted all the same";
  EXPECT_EQ(remarks.size(), 1U);
  result.findings.unseen[kTestPart].push_back({"book", 1000, 1000});
  EXPECT_EQ(Count(RemarksOn(config, result), true, "column book"), 1U);
  result.findings.unseen[kTestPart].pop_back();
  // Of files of their own, or by user and day, a user's lines may be in several parts.
  config.data.test_fraction = 0;
  EXPECT_EQ(Count(RemarksOn(config, result), true, "column reader"), 1U);
  config.data.test_fraction = 0.2;
  config.data.split_by = {"user", "day"};
  EXPECT_EQ(Count(RemarksOn(config, result), true, "column reader"), 1U);
}

TEST(Remarks, FilesThatAreNamedTwice) {
  const testing::ScratchDir dir;
  for (const char* name : {"train.csv", "test.csv"}) dir.Write(name, name);
  Config config;
  config.data.dir = dir.path();
  config.data.train = {"train.csv"};
  config.data.test = {"t*t.csv"};
  EXPECT_TRUE(RemarksOn(config, {}).empty());
  config.data.train.push_back("t*n.csv");
  auto remarks = RemarksOn(config, {});
  EXPECT_EQ(Count(remarks, true, "data.train names"), 1U);
  EXPECT_EQ(Count(remarks, true, "train.csv more than once"), 1U);
  config.data.test.push_back("./test.csv");
  remarks = RemarksOnRepeatedFiles(config);
  EXPECT_EQ(Count(remarks, true, "data.test names"), 1U);
  EXPECT_EQ(remarks.size(), 2U);
}

TEST(Remarks, FilesThatTheModelWasTrainedOn) {
  const testing::ScratchDir dir;
  for (const char* name : {"train1.csv", "train2.csv", "test.csv"}) dir.Write(name, name);
  std::filesystem::create_symlink("train2.csv", dir.path() / "link.csv");
  Config trained;
  trained.data.dir = dir.path();
  trained.data.train = {"train*.csv"};
  PackedInput input{.examples = 30,
                    .files = {dir.path() / "test.csv", dir.path() / "link.csv"},
                    .file_examples = {20, 10}};
  const auto remarks = RemarksOnTrainedFiles(trained, input);
  EXPECT_EQ(Count(remarks, true, "10 of the 30 examples"), 1U);
  EXPECT_EQ(Count(remarks, true, "link.csv"), 1U);
  input.files.pop_back();
  EXPECT_TRUE(RemarksOnTrainedFiles(trained, input).empty());
  trained.data.train = {"gone.csv"};
  EXPECT_TRUE(RemarksOnTrainedFiles(trained, input).empty());
}

}  // namespace
}  // namespace fathom
