#include "worker/ingest/ingest.h"

#include <gtest/gtest.h>

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <cmath>
#include <set>
#include <sstream>

#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"
#include "worker/data/packed_data.h"
#include "worker/data/packed_writer.h"

namespace fathom {
namespace {

using testing::ExpectError;
namespace io = boost::iostreams;

Config MakeConfig(const std::filesystem::path& dir) {
  Config config;
  config.data.dir = dir;
  config.data.train = {"train*.csv"};
  config.columns = {
      {.name = "id"},
      {.name = "tags", .kind = ColumnKind::kMultivalent},
      {.name = "x", .kind = ColumnKind::kNumeric, .transform = TransformKind::kStandardise}};
  config.crosses = {{.columns = {"id", "tags"}}};
  return config;
}

std::string Rows(int begin, int end) {
  std::string text = "label,id,tags,x\n";
  for (int i = begin; i < end; ++i)
    text +=
        fmt::format("{},user{},t{}|t{},{}\n", i % 3 == 0 ? 1 : 0, i % 17, i % 5, i % 7, i * 0.5);
  return text;
}

template <typename Filter>
std::string Compressed(const std::string& text, Filter filter) {
  io::filtering_istream in;
  in.push(filter);
  std::istringstream source(text);
  in.push(source);
  std::ostringstream out;
  io::copy(in, out);
  return out.str();
}

class IngestTest : public ::testing::Test {
 protected:
  IngestResult Run(const Config& config, int threads = 1, const std::string& packed = "packed") {
    return Ingest(config, MakeModelSpec(config), dir_.path() / packed, threads,
                  [](const IngestProgress&) {});
  }
  void ExpectBad(const std::string& text, std::initializer_list<const char*> words) {
    dir_.Write("train.csv", text);
    ExpectError(ExitCode::kData, words, [&] { Run(MakeConfig(dir_.path())); });
    EXPECT_TRUE(!std::filesystem::exists(dir_.path() / "packed") ||
                std::filesystem::is_empty(dir_.path() / "packed"))
        << "something was left behind";
  }
  static std::string Bytes(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }

  testing::ScratchDir dir_;
};

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

TEST_F(IngestTest, GzipAndZstd) {
  const std::string text = Rows(0, 5000);
  dir_.Write("plain/train.csv", text);
  dir_.Write("gzip/train.csv.gz", Compressed(text, io::gzip_compressor()));
  dir_.Write("zstd/train.csv.zst", Compressed(text, io::zstd_compressor()));
  std::string expected;
  for (const char* kind : {"plain", "gzip", "zstd"}) {
    Config config = MakeConfig(dir_.path() / kind);
    config.data.train = {"train.csv*"};
    const std::string bytes = Bytes(Run(config, 1, kind + std::string("-packed")).train);
    if (expected.empty()) expected = bytes;
    EXPECT_EQ(bytes, expected) << kind;
  }
}

TEST_F(IngestTest, ATruncatedGzipFileIsAnError) {
  const std::string whole = Compressed(Rows(0, 5000), io::gzip_compressor());
  dir_.Write("train.csv.gz", whole.substr(0, whole.size() / 2));
  Config config = MakeConfig(dir_.path());
  config.data.train = {"train.csv.gz"};
  ExpectError(ExitCode::kData, {"train.csv.gz", "were cut short"}, [&] { Run(config); });
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

TEST_F(IngestTest, QuotedLineEndsKeepLineNumbersRight) {
  ExpectBad("label,id,tags,x\n1,\"two\nlines\",a,1\n0,b,a,one\n",
            {"train.csv:4", "column x = \"one\" is no number"});
}

TEST_F(IngestTest, RaggedLine) {
  ExpectBad("label,id,tags,x\n1,a,b,1\n0,a,b\n",
            {"train.csv:3", "3 fields where 4 are expected", "data.max_bad_lines"});
}
TEST_F(IngestTest, BadQuote) {
  ExpectBad("label,id,tags,x\n1,a\"b,b,1\n", {"train.csv:2", "field 2 has a quote inside"});
}
TEST_F(IngestTest, BadLabel) {
  ExpectBad("label,id,tags,x\n3,a,b,1\n", {"train.csv:2", "label = \"3\" is neither 0 nor 1"});
}
TEST_F(IngestTest, MissingColumn) {
  ExpectBad("label,id,x\n1,a,1\n", {"train.csv", "there is no column \"tags\""});
}
TEST_F(IngestTest, EmptyFile) { ExpectBad("", {"train.csv", "the file is empty"}); }

TEST_F(IngestTest, HeaderWithoutExamples) {
  dir_.Write("train.csv", "label,id,tags,x\n");
  ExpectError(ExitCode::kData, {"no example"}, [&] { Run(MakeConfig(dir_.path())); });
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
  const PackedInput input = PackInput(config, spec, transforms, {dir_.path() / "score.csv"}, false,
                                      BadLines::kAreLimited, dir_.path() / "score.fpk", 1);
  EXPECT_EQ(input.examples, 1U);
  EXPECT_FLOAT_EQ(PackedData(input.path, spec, DataPart::kTest).Example(0).numerics[0], 0);
  ExpectError(ExitCode::kModel, {"transforms.json does not fit"}, [&] {
    PackInput(config, spec, "{}", {dir_.path() / "score.csv"}, false, BadLines::kAreLimited,
              dir_.path() / "score.fpk", 1);
  });
}

// predict writes a line for each of these: what is blank or bad is none of the examples.
TEST_F(IngestTest, LinesThatBecomeNoExampleAreNoted) {
  dir_.Write("train.csv", "label,id,tags,x\n1,a,,2\n0,a,,4\n0,a,,6\n1,a,,8\n");
  Config config = MakeConfig(dir_.path());
  const std::string transforms = Bytes(Run(config).transforms);
  const auto gaps = [&](const std::string& text) {
    const PackedInput input =
        PackInput(config, MakeModelSpec(config), transforms, {dir_.Write("score", text)}, false,
                  BadLines::kAreGaps, dir_.path() / "score.fpk", 1);
    EXPECT_EQ(input.bad_lines, 1U);
    EXPECT_EQ(input.examples, 3U);
    return input.gaps;
  };
  const std::vector<std::uint64_t> expected = {0, 2, 4, 6, 7};
  EXPECT_EQ(gaps("id,tags,x\n\na,,5\n\r\n\"a\n\",,5\nbad\na,,1\n\n\n"), expected);
  config.data.format = DataFormat::kLibsvm;
  config.columns = {{.name = "3", .kind = ColumnKind::kNumeric}};
  config.crosses.clear();
  const std::string text = "# comment\n3:1\n \t\n0 3:2\n0 3:x\n1 03:4\n\n# end\n";
  const PackedInput input =
      PackInput(config, MakeModelSpec(config), "{}", {dir_.Write("score", text)}, false,
                BadLines::kAreGaps, dir_.path() / "score.fpk", 1);
  EXPECT_EQ(input.gaps, expected);
  config.data.format = DataFormat::kVw;
  config.columns = {{.name = "3", .kind = ColumnKind::kMultivalent, .weighted = true}};
  EXPECT_EQ(PackInput(config, MakeModelSpec(config), "{}",
                      {dir_.Write("score", "\n|3 a\n  \n1 |3 b\nbad\n|3 c\n\n\n")}, false,
                      BadLines::kAreGaps, dir_.path() / "score.fpk", 1)
                .gaps,
            expected);
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

// The same bytes by any name, any compression, and any line ends.
TEST_F(IngestTest, TextIsKnownByItsFirstBytes) {
  const std::string text = Rows(0, 300);
  const auto with_ends = [&](const char* end) {
    std::string other;
    for (const char c : text) other += c == '\n' ? end : std::string(1, c);
    return other;
  };
  const std::string mark = "\xEF\xBB\xBF";
  const std::string quoted = "\"label\"" + text.substr(text.find(','));
  std::string expected;
  const std::pair<const char*, std::string> forms[] = {
      {"plain", text},
      {"crlf", with_ends("\r\n")},
      {"crcrlf", with_ends("\r\r\n")},
      {"mark", mark + text},
      {"quoted", mark + quoted},
      {"gzip", Compressed(mark + text, io::gzip_compressor())},
      {"zstd", Compressed(text, io::zstd_compressor())},
      {"zstd.gz", Compressed(text, io::zstd_compressor())},
  };
  for (const auto& [name, bytes] : forms) {
    dir_.Write("train", bytes);
    Config config = MakeConfig(dir_.path());
    config.data.train = {"train"};
    const std::string packed = Bytes(Run(config, 1, name + std::string("-packed")).train);
    if (expected.empty()) expected = packed;
    EXPECT_EQ(packed, expected) << name;
  }
}

// A file that says its names is a header where others of the same form have none.
TEST_F(IngestTest, HeadersInSomeFilesOnly) {
  const std::string text = Rows(0, 200);
  const std::string lines = text.substr(text.find('\n') + 1);
  dir_.Write("with/train1.csv", lines);
  dir_.Write("with/train2.csv", text);
  dir_.Write("none/train1.csv", lines);
  dir_.Write("none/train2.csv", lines);
  std::string packed[2];
  for (const int i : {0, 1}) {
    Config config = MakeConfig(dir_.path() / (i == 0 ? "with" : "none"));
    config.data.header = false;
    config.data.names = {"label", "id", "tags", "x"};
    packed[i] = Bytes(Run(config, 1, std::to_string(i)).train);
  }
  EXPECT_EQ(packed[0], packed[1]);
}

TEST_F(IngestTest, SeparatorsOfAnyText) {
  const std::string text = Rows(0, 200);
  const auto with = [&](const std::string& separator) {
    std::string other;
    for (const char c : text) other += c == ',' ? separator : std::string(1, c);
    return other;
  };
  std::string expected;
  const std::pair<const char*, std::string> forms[] = {
      {"", ","}, {"::", "::"}, {";", ";"}, {"blanks", " \t "}, {" - ", " - "}};
  for (const Quote quote : {Quote::kDouble, Quote::kNone}) {
    for (const auto& [separator, between] : forms) {
      dir_.Write("train.csv", with(between));
      Config config = MakeConfig(dir_.path());
      config.data.separator = separator;
      config.data.quote = quote;
      const std::string packed = Bytes(Run(config).train);
      if (expected.empty()) expected = packed;
      EXPECT_EQ(packed, expected) << separator;
    }
  }
}

TEST_F(IngestTest, ASideTableWithItsOwnSeparatorAndQuotes) {
  dir_.Write("train.csv", "label,id,x\n1,a,1\n0,b,2\n");
  dir_.Write("side", "\xEF\xBB\xBFid::tags\na::15\" screen\r\r\nb::r\n");
  Config config = MakeConfig(dir_.path());
  config.joins = {{.file = "side", .key = "id", .separator = "::", .quote = Quote::kNone}};
  const ModelSpec spec = MakeModelSpec(config);
  const PackedData train(Run(config).train, spec);
  EXPECT_EQ(train.Example(0).list(0)[0], ValueKey(ColumnSeed("tags"), "15\" screen"));
  EXPECT_EQ(train.Example(1).list(0)[0], ValueKey(ColumnSeed("tags"), "r"));
}

TEST_F(IngestTest, BlanksInListsDoNotCountWhereFieldsAreTrimmed) {
  dir_.Write("train.csv", "label,id,tags,x\n1,a, red| blue ,1\n0,a,red|blue| ,2\n");
  Config config = MakeConfig(dir_.path());
  config.data.trim = true;
  const ModelSpec spec = MakeModelSpec(config);
  const PackedData train(Run(config).train, spec);
  ASSERT_EQ(train.Example(0).list(0).size(), 2U);
  ASSERT_EQ(train.Example(1).list(0).size(), 2U);
  for (const std::size_t i : {0, 1})
    EXPECT_EQ(train.Example(0).list(0)[i], train.Example(1).list(0)[i]);
}

// What Vowpal Wabbit users bring: namespaces as weighted lists, a feature as a number, hours of a
// time, and lines for scoring without labels.
TEST_F(IngestTest, VwLinesFromTextToExamples) {
  std::string text;
  for (int i = 0; i < 40; ++i)
    text += fmt::format("{} 'line{}|user u{} |item:0.5 red size:{} |when {}\n",
                        i % 3 == 0 ? "+1" : "-1", i, i % 7, i, 1795799880 + 3600 * i);
  dir_.Write("train.vw", text);
  Config config;
  config.data.dir = dir_.path();
  config.data.format = DataFormat::kVw;
  config.data.train = {"train.vw"};
  config.columns = {{.name = "user"},
                    {.name = "item", .kind = ColumnKind::kMultivalent, .weighted = true},
                    {.name = "size", .source = "item^size", .kind = ColumnKind::kNumeric},
                    {.name = "tag", .transform = TransformKind::kVocabulary, .min_count = 2},
                    {.name = "hour", .source = "when", .transform = TransformKind::kHour}};
  const IngestResult result = Run(config, 2);
  EXPECT_EQ(result.train_examples, 40U);
  EXPECT_EQ(result.train_positives, 14U);
  const PackedData train(result.train, MakeModelSpec(config));
  const ExampleView example = train.Example(5);
  EXPECT_EQ(example.keys[0], ValueKey(ColumnSeed("user"), "u5"));
  EXPECT_EQ(example.keys[1], RareKey(ColumnSeed("tag")));
  EXPECT_EQ(example.keys[2], BucketKey(ColumnSeed("hour"), 22));
  ASSERT_EQ(example.list(0).size(), 1U);
  EXPECT_EQ(example.list(0)[0], ValueKey(ColumnSeed("item"), "red"));
  EXPECT_EQ(example.weights(0)[0], 0.5F);
  EXPECT_EQ(example.numerics[0], 2.5F);

  dir_.Write("train.vw", text + "1 2 |user u1\n");
  ExpectError(ExitCode::kData, {"train.vw:41", "the importance 2 is not 1"}, [&] { Run(config); });
  dir_.Write("score.vw", "|user u1\n1 5 'x |user u2\n");
  const PackedInput input =
      PackInput(config, MakeModelSpec(config), Bytes(result.transforms), {dir_.path() / "score.vw"},
                false, BadLines::kAreLimited, dir_.path() / "score.fpk", 1);
  EXPECT_EQ(input.examples, 2U);
}

TEST_F(IngestTest, WeightsOfExamples) {
  dir_.Write("train.csv", "label,id,w\n1,a,2\n0,b,0.5\n0,c,0\n1,d,1e3\n");
  Config config;
  config.data.dir = dir_.path();
  config.data.train = {"train.csv"};
  config.data.weight = "w";
  config.columns = {{.name = "id"}};
  const IngestResult result = Run(config);
  const PackedData train(result.train, MakeModelSpec(config));
  EXPECT_EQ(train.Example(0).weight, 2);
  EXPECT_EQ(train.Example(1).weight, 0.5);
  EXPECT_EQ(train.Example(2).weight, 0);
  EXPECT_EQ(result.train_weights.all, 1002.5);
  EXPECT_EQ(result.train_weights.positives, 1002);
  EXPECT_EQ(Run(config).train_weights.all, 1002.5) << "reused";

  // Only the training files lack negatives.
  config.data.negative_rate = 0.25;
  dir_.Write("test.csv", "label,id,w\n0,b,3\n");
  config.data.test = {"test.csv"};
  const ModelSpec spec = MakeModelSpec(config);
  const IngestResult kept = Run(config);
  EXPECT_EQ(PackedData(kept.train, spec).Example(0).weight, 2) << "a positive";
  EXPECT_EQ(PackedData(kept.train, spec).Example(1).weight, 2) << "a negative";
  EXPECT_EQ(PackedData(kept.test, spec, DataPart::kTest).Example(0).weight, 3);
  config.data.weight.clear();
  EXPECT_EQ(PackedData(Run(config).train, spec).Example(1).weight, 4);
}

TEST_F(IngestTest, LinesWithoutAWeightFromZeroAreBad) {
  Config config;
  config.data.dir = dir_.path();
  config.data.train = {"train.csv"};
  config.data.weight = "w";
  config.columns = {{.name = "id"}};
  for (const char* weight : {"-1", "nan", "inf", "1e39", "", "x", "-0.001"}) {
    dir_.Write("train.csv", fmt::format("label,id,w\n1,a,1\n0,b,{}\n0,c,1\n", weight));
    const std::string reason = fmt::format("weight w = \"{}\" is no number from 0", weight);
    ExpectError(ExitCode::kData, {"train.csv:3", reason.c_str()}, [&] { Run(config); });
  }
}

TEST_F(IngestTest, ThePackedFormOfExamplesWithoutWeightsHasNoPlaceForThem) {
  Config config = MakeConfig(dir_.path());
  const PackedShape plain(MakeModelSpec(config));
  config.data.weight = "w";
  const PackedShape weighted(MakeModelSpec(config));
  EXPECT_EQ(plain.label_offset + sizeof(float), weighted.label_offset);
  EXPECT_EQ(plain.label_offset, plain.numerics_offset + sizeof(float));
  EXPECT_NE(plain.schema, weighted.schema);
}

TEST_F(IngestTest, VwsImportanceIsAWeightWhereItIsAskedFor) {
  dir_.Write("train.vw", "1 2 |user u1\n0 |user u2\n0 0.5 'tag |user u2\n");
  Config config;
  config.data.dir = dir_.path();
  config.data.format = DataFormat::kVw;
  config.data.train = {"train.vw"};
  config.data.weight = "importance";
  config.data.label = "label";
  config.columns = {{.name = "user", .kind = ColumnKind::kMultivalent, .weighted = true}};
  const IngestResult result = Run(config);
  const PackedData train(result.train, MakeModelSpec(config));
  EXPECT_EQ(train.Example(0).weight, 2);
  EXPECT_EQ(train.Example(1).weight, 1);
  EXPECT_EQ(train.Example(2).weight, 0.5);
}

}  // namespace
}  // namespace fathom
