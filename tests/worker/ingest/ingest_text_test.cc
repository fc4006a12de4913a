// What becomes of odd text on its way into packed data.
#include <gtest/gtest.h>

#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>

#include "tests/worker/ingest/ingest_fixture.h"
#include "worker/data/packed_data.h"

namespace fathom {
namespace {

using testing::Compressed;
using testing::ExpectError;
using testing::MakeConfig;
using testing::Rows;
namespace io = boost::iostreams;

class IngestTextTest : public testing::IngestFixture {};

TEST_F(IngestTextTest, GzipAndZstd) {
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

TEST_F(IngestTextTest, ATruncatedGzipFileIsAnError) {
  const std::string whole = Compressed(Rows(0, 5000), io::gzip_compressor());
  dir_.Write("train.csv.gz", whole.substr(0, whole.size() / 2));
  Config config = MakeConfig(dir_.path());
  config.data.train = {"train.csv.gz"};
  ExpectError(ExitCode::kData, {"train.csv.gz", "were cut short"}, [&] { Run(config); });
}

TEST_F(IngestTextTest, QuotedLineEndsKeepLineNumbersRight) {
  ExpectBad("label,id,tags,x\n1,\"two\nlines\",a,1\n0,b,a,one\n",
            {"train.csv:4", "column x = \"one\" is no number"});
}

TEST_F(IngestTextTest, RaggedLine) {
  ExpectBad("label,id,tags,x\n1,a,b,1\n0,a,b\n",
            {"train.csv:3", "3 fields where 4 are expected", "data.max_bad_lines"});
}
TEST_F(IngestTextTest, BadQuote) {
  ExpectBad("label,id,tags,x\n1,a\"b,b,1\n", {"train.csv:2", "field 2 has a quote inside"});
}
TEST_F(IngestTextTest, BadLabel) {
  ExpectBad("label,id,tags,x\n3,a,b,1\n", {"train.csv:2", "label = \"3\" is neither 0 nor 1"});
}
TEST_F(IngestTextTest, MissingColumn) {
  ExpectBad("label,id,x\n1,a,1\n", {"train.csv", "there is no column \"tags\""});
}
TEST_F(IngestTextTest, EmptyFile) { ExpectBad("", {"train.csv", "the file is empty"}); }

TEST_F(IngestTextTest, HeaderWithoutExamples) {
  dir_.Write("train.csv", "label,id,tags,x\n");
  ExpectError(ExitCode::kData, {"no example"}, [&] { Run(MakeConfig(dir_.path())); });
}

// predict writes a line for each of these: what is blank or bad is none of the examples.
TEST_F(IngestTextTest, LinesThatBecomeNoExampleAreNoted) {
  dir_.Write("train.csv", "label,id,tags,x\n1,a,,2\n0,a,,4\n0,a,,6\n1,a,,8\n");
  Config config = MakeConfig(dir_.path());
  const std::string transforms = Bytes(Run(config).transforms);
  const auto gaps = [&](const std::string& text) {
    const PackedInput input =
        PackInput(config, MakeModelSpec(config), {transforms, nullptr}, {dir_.Write("score", text)},
                  false, BadLines::kAreGaps, dir_.path() / "score.fpk", 1);
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
      PackInput(config, MakeModelSpec(config), {"{}", nullptr}, {dir_.Write("score", text)}, false,
                BadLines::kAreGaps, dir_.path() / "score.fpk", 1);
  EXPECT_EQ(input.gaps, expected);
  config.data.format = DataFormat::kVw;
  config.columns = {{.name = "3", .kind = ColumnKind::kMultivalent, .weighted = true}};
  EXPECT_EQ(PackInput(config, MakeModelSpec(config), {"{}", nullptr},
                      {dir_.Write("score", "\n|3 a\n  \n1 |3 b\nbad\n|3 c\n\n\n")}, false,
                      BadLines::kAreGaps, dir_.path() / "score.fpk", 1)
                .gaps,
            expected);
}

// The same bytes by any name, any compression, and any line ends.
TEST_F(IngestTextTest, TextIsKnownByItsFirstBytes) {
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
TEST_F(IngestTextTest, HeadersInSomeFilesOnly) {
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

TEST_F(IngestTextTest, SeparatorsOfAnyText) {
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

TEST_F(IngestTextTest, ASideTableWithItsOwnSeparatorAndQuotes) {
  dir_.Write("train.csv", "label,id,x\n1,a,1\n0,b,2\n");
  dir_.Write("side", "\xEF\xBB\xBFid::tags\na::15\" screen\r\r\nb::r\n");
  Config config = MakeConfig(dir_.path());
  config.joins = {{.file = "side", .key = "id", .separator = "::", .quote = Quote::kNone}};
  const ModelSpec spec = MakeModelSpec(config);
  const PackedData train(Run(config).train, spec);
  EXPECT_EQ(train.Example(0).list(0)[0], ValueKey(ColumnSeed("tags"), "15\" screen"));
  EXPECT_EQ(train.Example(1).list(0)[0], ValueKey(ColumnSeed("tags"), "r"));
}

TEST_F(IngestTextTest, BlanksInListsDoNotCountWhereFieldsAreTrimmed) {
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
TEST_F(IngestTextTest, VwLinesFromTextToExamples) {
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
  const PackedInput input = PackInput(
      config, MakeModelSpec(config), {Bytes(result.transforms), nullptr},
      {dir_.path() / "score.vw"}, false, BadLines::kAreLimited, dir_.path() / "score.fpk", 1);
  EXPECT_EQ(input.examples, 2U);
}

}  // namespace
}  // namespace fathom
