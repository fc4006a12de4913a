#include "worker/ingest/text_split.h"

#include <gtest/gtest.h>

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <set>

#include "common/random.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"
#include "worker/ingest/ingest.h"

namespace fathom {
namespace {

using testing::ExpectError;

class TextSplitTest : public ::testing::Test {
 protected:
  Config Base() {
    Config config;
    config.data.dir = dir_.path();
    config.data.train = {"train.csv"};
    config.data.split_order = SplitOrder::kTime;
    config.data.split_by = {"time"};
    config.data.test_fraction = 0.2;
    config.data.validation_fraction = 0.25;
    config.columns = {{.name = "a"}};
    return config;
  }
  TextSplit Split(const Config& config, const std::string& out = "out", int threads = 1) {
    return SplitText(config, MakeModelSpec(config),
                     {DataPart::kTrain, DataPart::kValidation, DataPart::kTest}, dir_.path() / out,
                     threads, [](const IngestProgress&) {});
  }
  IngestResult Pack(const Config& config, int threads = 1, const std::string& packed = "packed") {
    return Ingest(config, MakeModelSpec(config), dir_.path() / packed, threads,
                  [](const IngestProgress&) {});
  }

  testing::ScratchDir dir_;
};

TEST_F(TextSplitTest, ByTimeEachLineAsItIs) {
  dir_.Write("train.csv",
             "a,time,label\r\n"
             "x,5,1\n\"y\nz\",2026-01-01,0\r\nx,1,0\n\nw,4,1\nv,2,0\nx,3,1\n\"q\"\"\",7,0\n"
             "p,8,1\nm,6,0\nlast,9,1");
  const TextSplit split = Split(Base());
  EXPECT_EQ(dir_.Read("out/test.csv"), "a,time,label\r\n\"y\nz\",2026-01-01,0\r\nlast,9,1\n");
  EXPECT_EQ(dir_.Read("out/validation.csv"), "a,time,label\r\n\"q\"\"\",7,0\np,8,1\n");
  EXPECT_EQ(dir_.Read("out/train.csv"),
            "a,time,label\r\nx,5,1\nx,1,0\nw,4,1\nv,2,0\nx,3,1\nm,6,0\n");
  EXPECT_EQ(split.parts[0].lines, 6U);
  EXPECT_EQ(split.parts[0].positives, 3U);
  const IngestResult packed = Pack(Base());
  EXPECT_EQ(packed.train_examples, 6U);
  EXPECT_EQ(packed.validation_examples, 2U);
  EXPECT_EQ(packed.test_examples, 2U);
}

// The parts together are the input; equal times are in one part; no part has a time before one of
// an earlier part.
TEST_F(TextSplitTest, RandomTimesOnAnyNumberOfThreads) {
  std::string text = "a,time,label\n";
  std::multiset<std::string> lines;
  for (std::uint64_t i = 0; i < 100000; ++i) {
    const std::string line = fmt::format("{},{},{}\n", i, Mix64(i) % 500, i % 2);
    text += line;
    lines.insert(line);
  }
  dir_.Write("train.csv", text);
  const TextSplit split = Split(Base(), "one"), four = Split(Base(), "four", 4);
  std::multiset<std::string> found;
  int latest = -1;
  for (const char* part : {"train.csv", "validation.csv", "test.csv"}) {
    const std::string one = dir_.Read(std::string("one/") + part);
    EXPECT_EQ(one, dir_.Read(std::string("four/") + part));
    std::istringstream in(one);
    std::string line;
    std::getline(in, line);
    int from = 1 << 30, to = -1;
    while (std::getline(in, line)) {
      const int time = std::stoi(line.substr(line.find(',') + 1));
      from = std::min(from, time);
      to = std::max(to, time);
      found.insert(line + "\n");
    }
    EXPECT_GT(from, latest);
    latest = to;
  }
  EXPECT_TRUE(found == lines);
  EXPECT_NEAR(static_cast<double>(split.parts[2].lines), 20000, 250);
  EXPECT_NEAR(static_cast<double>(split.parts[1].lines), 20000, 250);
  const IngestResult one = Pack(Base(), 1, "packed1"), many = Pack(Base(), 4, "packed4");
  EXPECT_EQ(one.test_examples, split.parts[2].lines);
  EXPECT_EQ(dir_.Read(std::filesystem::relative(one.train, dir_.path())),
            dir_.Read(std::filesystem::relative(many.train, dir_.path())));
}

TEST_F(TextSplitTest, OfAHashWithFiltersBadLinesAndCompressedFiles) {
  std::string text = "a,time,label\n";
  for (int i = 0; i < 200; ++i) text += fmt::format("v{},{},{}\n", i, i, i == 50 ? 7 : i % 2);
  namespace io = boost::iostreams;
  io::filtering_istream in;
  in.push(io::gzip_compressor());
  std::istringstream source(text);
  in.push(source);
  std::ostringstream compressed;
  io::copy(in, compressed);
  dir_.Write("train.csv.gz", compressed.str());
  Config config = Base();
  config.data.train = {"train.csv.gz"};
  config.data.split_order = SplitOrder::kHash;
  config.data.split_by = {"a"};
  config.data.filter = {"time != 3|4"};
  ExpectError(ExitCode::kData, {"train.csv.gz:52", "neither 0 nor 1"}, [&] { Split(config); });
  config.data.max_bad_lines = 1;
  const TextSplit split = Split(config);
  EXPECT_EQ(split.filtered_lines, 2U);
  EXPECT_EQ(split.bad_lines, 1U);
  const IngestResult packed = Pack(config);
  EXPECT_EQ(split.parts[0].lines, packed.train_examples);
  EXPECT_EQ(split.parts[1].lines, packed.validation_examples);
  EXPECT_EQ(split.parts[2].lines, packed.test_examples);
  EXPECT_EQ(packed.train_examples + packed.validation_examples + packed.test_examples, 197U);
  // A training on the files that were written has the same examples.
  Config again = config;
  again.data.dir = dir_.path() / "out";
  again.data.train = {"train.csv"};
  again.data.test = {"test.csv"};
  again.data.test_fraction = again.data.validation_fraction = 0;
  again.data.split_by.clear();
  const IngestResult repacked = Pack(again, 1, "repacked");
  EXPECT_EQ(dir_.Read(std::filesystem::relative(repacked.train, dir_.path())),
            dir_.Read(std::filesystem::relative(packed.train, dir_.path())));
}

TEST_F(TextSplitTest, NeverReplacesWhatItDidNotMake) {
  dir_.Write("train.csv", "a,time,label\nx,1,1\ny,2,0\nx,3,1\ny,4,0\nx,5,1\n");
  const auto refused = [&](const std::string& out, std::initializer_list<const char*> words) {
    ExpectError(ExitCode::kUsage, words, [&] { Split(Base(), out); });
  };
  refused(".", {"train.csv", "of no earlier split"});
  refused("train.csv", {"--out", "no folder can be made there"});
  dir_.Write("other/test.csv", "mine");
  refused("other", {"other/test.csv", "of no earlier split"});
  EXPECT_EQ(dir_.Read("other/test.csv"), "mine");
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "other/train.csv"));
  dir_.Write("marked/split.json", "{}");
  refused("marked", {"split.json"});
  Split(Base(), "own");
  const std::string first = dir_.Read("own/train.csv");
  Split(Base(), "own");
  EXPECT_EQ(dir_.Read("own/train.csv"), first);
}

// Whoever trains on a part that a split wrote, and splits that again, keeps it.
TEST_F(TextSplitTest, NeverOverwritesAnInput) {
  dir_.Write("train.csv", "a,time,label\nx,1,1\ny,2,0\nx,3,1\ny,4,0\nx,5,1\n");
  Split(Base(), "own");
  const std::string first = dir_.Read("own/train.csv");
  Config config = Base();
  config.data.train = {"own/train.csv"};
  ExpectError(ExitCode::kUsage, {"own: train.csv", "overwrite the input"},
              [&] { Split(config, "own"); });
  std::filesystem::create_hard_link(dir_.path() / "own/train.csv", dir_.path() / "other.csv");
  config.data.train = {"other.csv"};
  ExpectError(ExitCode::kUsage, {"own: train.csv", "overwrite the input", "other.csv"},
              [&] { Split(config, "own"); });
  EXPECT_EQ(dir_.Read("own/train.csv"), first);
}

TEST_F(TextSplitTest, PartsOfTwoSplitsAreNotInOneFolder) {
  dir_.Write("train.csv", "a,time,label\nx,1,1\ny,2,0\nx,3,1\ny,4,0\nx,5,1\n");
  Split(Base(), "own");
  const auto split = [&](const Config& config, const std::vector<DataPart>& parts) {
    SplitText(config, MakeModelSpec(config), parts, dir_.path() / "own", 1,
              [](const IngestProgress&) {});
  };
  ExpectError(ExitCode::kUsage, {"own/train.csv", "earlier split", "move it away"}, [&] {
    split(Base(), {DataPart::kTest, DataPart::kValidation});
  });
  Config config = Base();
  config.data.validation_fraction = 0;
  ExpectError(ExitCode::kUsage, {"--parts", "no validation part"},
              [&] { split(config, {DataPart::kValidation}); });
  config.data.test_fraction = 0;
  ExpectError(ExitCode::kUsage, {"--parts", "no test part"},
              [&] { split(config, {DataPart::kTest}); });
  config = Base();
  config.data.format = DataFormat::kParquet;
  ExpectError(ExitCode::kUsage, {"parquet", "no lines of text", "duckdb"},
              [&] { split(config, {DataPart::kTrain}); });
}

TEST_F(TextSplitTest, OneTimeHasNoEarlierAndLater) {
  dir_.Write("train.csv", "a,time,label\nx,1,1\ny,1,0\nx,1.0,1\n");
  ExpectError(ExitCode::kData, {"column time", "all 3 lines have the same time", "split_by"},
              [&] { Pack(Base()); });
}

TEST_F(TextSplitTest, AHeaderWithAZeroByteIsShownWhole) {
  using namespace std::string_literals;
  dir_.Write("train.csv", "a\0b,time,label\nx,1,1\n"s);
  ExpectError(ExitCode::kData, {"no column \"a\"", "a\\x00b, time, label"}, [&] { Pack(Base()); });
}

TEST_F(TextSplitTest, WhatCannotBeSplit) {
  dir_.Write("train1.csv", "a,time,label\nx,1,1\n");
  dir_.Write("train2.csv", "time,a,label\n1,x,1\n");
  Config config = Base();
  config.data.train = {"train*.csv"};
  ExpectError(ExitCode::kData, {"train2.csv", "train1.csv", "header"}, [&] { Split(config); });
  dir_.Write("train2.csv", "a,time,label\nx,soon,1\n");
  ExpectError(ExitCode::kData, {"train2.csv:2", "column time = \"soon\" is no time"},
              [&] { Pack(config); });
}

}  // namespace
}  // namespace fathom
