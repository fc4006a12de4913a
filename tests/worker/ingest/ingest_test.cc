#include "worker/ingest/ingest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tests/worker/ingest/ingest_fixture.h"
#include "worker/data/packed_data.h"
#include "worker/data/packed_writer.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::MakeConfig;
using testing::Rows;

class IngestTest : public testing::IngestFixture {};

TEST_F(IngestTest, PacksOnceAndReusesWhatHasNotChanged) {
  dir_.Write("train.csv", Rows(0, 100));
  Config config = MakeConfig(dir_.path());
  const IngestResult first = Run(config);
  EXPECT_FALSE(first.reused);
  EXPECT_EQ(first.train_examples, 100U);
  EXPECT_EQ(first.train_positives, 34U);
  EXPECT_TRUE(first.test.empty());
  EXPECT_TRUE(Run(config).reused);
  config.columns[0].dim = 7;  // changes no packed byte
  EXPECT_TRUE(Run(config).reused);
  config.columns[0].hash_buckets = 7;
  EXPECT_FALSE(Run(config).reused);
  dir_.Write("train.csv", Rows(0, 101));
  const IngestResult changed = Run(MakeConfig(dir_.path()));
  EXPECT_FALSE(changed.reused);
  EXPECT_EQ(changed.train_examples, 101U);
}

TEST_F(IngestTest, PackedFilesDoNotDependOnThreads) {
  dir_.Write("train1.csv", Rows(0, 60000));
  dir_.Write("train2.csv", Rows(60000, 61000));
  Config config = MakeConfig(dir_.path());
  config.columns[0].transform = TransformKind::kVocabulary;
  config.data.test_fraction = 0.25;
  config.data.validation_fraction = 0.1;
  const IngestResult one = Run(config, 1, "one");
  const IngestResult four = Run(config, 4, "four");
  EXPECT_GT(one.bytes_read, 1U << 20) << "several blocks";
  EXPECT_EQ(Bytes(one.train), Bytes(four.train));
  EXPECT_EQ(Bytes(one.validation), Bytes(four.validation));
  EXPECT_EQ(Bytes(one.test), Bytes(four.test));
  EXPECT_EQ(Bytes(one.transforms), Bytes(four.transforms));
  EXPECT_NEAR(static_cast<double>(one.test_examples), 0.25 * 61000, 600);
  EXPECT_NEAR(static_cast<double>(one.validation_examples), 0.1 * 0.75 * 61000, 400);
  EXPECT_EQ(one.train_examples + one.validation_examples + one.test_examples, 61000U);
}

TEST_F(IngestTest, CriteoFilesDoNotDependOnThreads) {
  std::string text;
  for (int i = 0; i < 20000; ++i) {
    text += i % 4 == 0 ? "1" : "0";
    for (int n = 0; n < 13; ++n) {
      text += '\t';
      if ((i + n) % 5 != 0) text += std::to_string(i * (n + 1) % 20011);
    }
    for (int c = 0; c < 26; ++c) text += fmt::format("\t{:08x}", i % (17 + c) * 0x1234567);
    text += '\n';
  }
  dir_.Write("train.tsv", text);
  Config config;
  config.data.dir = dir_.path();
  config.data.format = DataFormat::kCriteo;
  config.data.train = {"train.tsv"};
  config.data.test_fraction = 0.2;
  for (int n = 1; n <= 13; ++n) {
    config.columns.push_back(
        {.name = "I" + std::to_string(n),
         .kind = ColumnKind::kNumeric,
         .transform = n == 13 ? TransformKind::kQuantiles : TransformKind::kLogStandardise,
         .missing_as = MissingAs::kZero});
  }
  for (int c = 1; c <= 26; ++c) config.columns.push_back({.name = "C" + std::to_string(c)});
  const IngestResult one = Run(config, 1, "one");
  const IngestResult four = Run(config, 4, "four");
  EXPECT_GT(one.bytes_read, 3U << 20) << "several blocks";
  EXPECT_EQ(Bytes(one.train), Bytes(four.train));
  EXPECT_EQ(Bytes(one.test), Bytes(four.test));
  EXPECT_EQ(Bytes(one.transforms), Bytes(four.transforms));
}

TEST_F(IngestTest, SplitsByColumnsKeepEqualValuesTogether) {
  dir_.Write("train.csv", Rows(0, 2000));
  Config config = MakeConfig(dir_.path());
  config.data.split_by = {"id"};
  config.data.test_fraction = 0.3;
  const IngestResult result = Run(config);
  const ModelSpec spec = MakeModelSpec(config);
  const PackedData train(result.train, spec), test(result.test, spec, DataPart::kTest);
  std::set<Key> train_ids, test_ids;
  for (std::uint64_t e = 0; e < train.examples(); ++e) train_ids.insert(train.Example(e).keys[0]);
  for (std::uint64_t e = 0; e < test.examples(); ++e) test_ids.insert(test.Example(e).keys[0]);
  EXPECT_EQ(train_ids.size() + test_ids.size(), 17U);
}

TEST_F(IngestTest, StandardisesByTheTrainingPart) {
  dir_.Write("train.csv", "label,id,tags,x\n1,a,,2\n0,a,,4\n0,a,,6\n1,a,,8\n");
  dir_.Write("test.csv", "label,id,tags,x\n1,a,,1000\n");
  Config config = MakeConfig(dir_.path());
  config.data.test = {"test.csv"};
  const IngestResult result = Run(config);
  const ModelSpec spec = MakeModelSpec(config);
  EXPECT_FLOAT_EQ(PackedData(result.train, spec).Example(0).numerics[0],
                  static_cast<float>(-3 / std::sqrt(5.0)));
  EXPECT_FLOAT_EQ(PackedData(result.test, spec, DataPart::kTest).Example(0).numerics[0],
                  static_cast<float>(995 / std::sqrt(5.0)));
}

// What is divided by an infinite deviation would be 0 on every line.
TEST_F(IngestTest, NumbersWithoutAFiniteDeviationAreAnError) {
  dir_.Write("train.csv", Rows(0, 100) + "1,user1,t1,1e200\n");
  ExpectError(ExitCode::kData, {"column x", "no finite mean and standard deviation"},
              [&] { Run(MakeConfig(dir_.path())); });
}

TEST_F(IngestTest, JoinsASideTable) {
  dir_.Write("train.csv", "label,id,x\n1,a,1\n0,b,2\n0,c,3\n");
  dir_.Write("side.csv", "id,tags\na,p|q\nb,\"r\"\n");
  Config config = MakeConfig(dir_.path());
  config.joins = {{.file = "side.csv", .key = "id"}};
  const IngestResult result = Run(config);
  const ModelSpec spec = MakeModelSpec(config);
  const PackedData train(result.train, spec);
  EXPECT_EQ(train.Example(0).list(0).size(), 2U);
  EXPECT_EQ(train.Example(1).list(0)[0], ValueKey(ColumnSeed("tags"), "r"));
  EXPECT_EQ(train.Example(2).list(0).size(), 0U);
  EXPECT_EQ(result.unmatched_joins, 1U);
  dir_.Write("side.csv", "id,tags\na,p\na,q\n");
  ExpectError(ExitCode::kData, {"side.csv:3", "id = \"a\" comes a second time"},
              [&] { Run(config); });
}

TEST_F(IngestTest, AllLabelsEqual) {
  dir_.Write("train.csv", "label,id,tags,x\n0,a,b,1\n0,a,b,2\n");
  ExpectError(ExitCode::kData, {"all 2 labels", "are 0", "data.label"},
              [&] { Run(MakeConfig(dir_.path())); });
}

TEST_F(IngestTest, MissingFile) {
  ExpectError(ExitCode::kData, {"train*.csv", "no such file", "data.dir"},
              [&] { Run(MakeConfig(dir_.path())); });
}

TEST_F(IngestTest, BadLinesUpToTheLimitAreCountedAndTheRestIsTrainedOn) {
  dir_.Write("train.csv", Rows(0, 50) + "bad\n" + "1,a,b,c,d\n");
  Config config = MakeConfig(dir_.path());
  config.data.max_bad_lines = 2;
  const IngestResult result = Run(config);
  EXPECT_EQ(result.train_examples, 50U);
  EXPECT_EQ(result.bad_lines, 2U);
  ASSERT_EQ(result.first_bad_lines.size(), 2U);
  EXPECT_EQ(result.first_bad_lines[0].line, 52U);
  // Reused data remember them, and the limit still holds.
  EXPECT_EQ(Run(config).bad_lines, 2U);
  config.data.max_bad_lines = 1;
  ExpectError(ExitCode::kData, {"max_bad_lines allows 1"}, [&] { Run(config); });
}

TEST_F(IngestTest, AnAlteredSummaryIsAnError) {
  dir_.Write("train.csv", Rows(0, 10));
  const Config config = MakeConfig(dir_.path());
  const IngestResult result = Run(config);
  std::ofstream(result.train.parent_path() / "ingest.json") << "{";
  ExpectError(ExitCode::kData, {"ingest.json", "remove its folder"}, [&] { Run(config); });
}

TEST_F(IngestTest, AlteredTransformsAreAnError) {
  dir_.Write("train.csv", Rows(0, 10));
  const Config config = MakeConfig(dir_.path());
  const IngestResult result = Run(config);
  std::ofstream(result.transforms, std::ios::app) << " ";
  ExpectError(ExitCode::kData, {"transforms.json", "altered", "remove its folder"},
              [&] { Run(config); });
}

// A whole folder, under the name of the other.
TEST_F(IngestTest, AFolderOfOtherDataIsRefused) {
  dir_.Write("train.csv", Rows(100, 160));
  const auto other = Run(MakeConfig(dir_.path())).train.parent_path();
  dir_.Write("train.csv", Rows(0, 60));
  const auto own = Run(MakeConfig(dir_.path())).train.parent_path();
  std::filesystem::remove_all(own);
  std::filesystem::rename(other, own);
  ExpectError(ExitCode::kData, {own.filename().c_str(), "from other files"},
              [&] { Run(MakeConfig(dir_.path())); });
}

// Of the same columns and the same part: only what was packed tells them apart.
TEST_F(IngestTest, APackedFileInThePlaceOfAnotherIsRefused) {
  const auto pack = [&](int first, int end) {
    dir_.Write("train.csv", Rows(first, end));
    return Run(MakeConfig(dir_.path()));
  };
  const IngestResult other = pack(100, 160);
  const IngestResult result = pack(0, 60);
  ASSERT_NE(other.train, result.train);
  std::filesystem::copy_file(other.train, result.train,
                             std::filesystem::copy_options::overwrite_existing);
  ExpectError(ExitCode::kData, {"train.fpk", "60 examples", "of other data", "remove its folder"},
              [&] { Run(MakeConfig(dir_.path())); });
}

// A whole file of this part that a program with a fault left without examples.
TEST_F(IngestTest, APackedFileWithoutExamplesIsRefused) {
  dir_.Write("train.csv", Rows(0, 60));
  const Config config = MakeConfig(dir_.path());
  const IngestResult result = Run(config);
  PackedWriter(result.train, PackedShape(MakeModelSpec(config)), DataPart::kTrain).Finish();
  ExpectError(ExitCode::kData, {"train.fpk", "it holds 0 examples"}, [&] { Run(config); });
}

TEST_F(IngestTest, PackInputUsesTheTransformsItIsGiven) {
  dir_.Write("train.csv", "label,id,tags,x\n1,a,,2\n0,a,,4\n0,a,,6\n1,a,,8\n");
  dir_.Write("score.csv", "id,tags,x\na,,5\n");
  const Config config = MakeConfig(dir_.path());
  const ModelSpec spec = MakeModelSpec(config);
  const std::string transforms = Bytes(Run(config).transforms);
  const PackedInput input =
      PackInput(config, spec, {transforms, nullptr}, {dir_.path() / "score.csv"}, false,
                BadLines::kAreLimited, dir_.path() / "score.fpk", 1);
  EXPECT_EQ(input.examples, 1U);
  EXPECT_FLOAT_EQ(PackedData(input.path, spec, DataPart::kTest).Example(0).numerics[0], 0);
  ExpectError(ExitCode::kModel, {"transforms.json does not fit"}, [&] {
    PackInput(config, spec, {"{}", nullptr}, {dir_.path() / "score.csv"}, false,
              BadLines::kAreLimited, dir_.path() / "score.fpk", 1);
  });
}

// Whatever was done to times and size: other bytes are packed anew.
TEST_F(IngestTest, EditedLabelsOfTheSameSizeAndTime) {
  const auto file = dir_.Write("train.csv", Rows(0, 100));
  const Config config = MakeConfig(dir_.path());
  const IngestResult first = Run(config);
  EXPECT_TRUE(Run(config).reused);
  const auto time = std::filesystem::last_write_time(file);
  std::string text = Rows(0, 100);
  text[text.find("\n1,") + 1] = '0';
  dir_.Write("train.csv", text);
  std::filesystem::last_write_time(file, time);
  const IngestResult second = Run(config);
  EXPECT_FALSE(second.reused);
  EXPECT_EQ(second.train_positives + 1, first.train_positives);
}

}  // namespace
}  // namespace fathom
