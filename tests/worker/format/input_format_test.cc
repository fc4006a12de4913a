#include "worker/format/input_format.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using Values = std::vector<std::string>;

DataConfig Format(DataFormat format) {
  DataConfig data;
  data.format = format;
  return data;
}

Values Split(const DataConfig& data, const std::vector<std::string>& wanted,
             std::string_view record, std::string_view header = "", std::string* error = nullptr) {
  const auto format = MakeInputFormat(data, wanted);
  const FileColumns columns = format->Resolve("data.txt", header);
  std::vector<std::string_view> values;
  const std::string why = format->Split({.text = record}, columns, &values);
  if (error != nullptr)
    *error = why;
  else
    EXPECT_EQ(why, "");
  return {values.begin(), values.end()};
}

TEST(InputFormat, CsvColumnsByName) {
  EXPECT_EQ(Split(Format(DataFormat::kCsv), {"c", "a"}, "1,\"2,5\",3\r\n", "a,b,c\r\n"),
            (Values{"3", "1"}));
  EXPECT_EQ(Split(Format(DataFormat::kTsv), {"b"}, "1\t2\t3", "a\tb\tc"), (Values{"2"}));
}

TEST(InputFormat, NamesInPlaceOfAHeader) {
  DataConfig data = Format(DataFormat::kCsv);
  data.header = false;
  data.trim = true;
  data.names = {"x", "y"};
  EXPECT_EQ(Split(data, {"y"}, "1, 2"), (Values{"2"}));
}

TEST(InputFormat, MissingColumnNamesTheOthers) {
  ExpectError(ExitCode::kData, {"data.txt", "no column \"d\"", "a, b, c"},
              [] { Split(Format(DataFormat::kCsv), {"d"}, "", "a,b,c"); });
}

TEST(InputFormat, HeaderThatNamesAColumnTwice) {
  ExpectError(ExitCode::kData, {"data.txt:1", "\"a\" twice"},
              [] { Split(Format(DataFormat::kCsv), {"a"}, "", "a,b,a"); });
}

TEST(InputFormat, RaggedLine) {
  std::string error;
  Split(Format(DataFormat::kCsv), {"a"}, "1,2,3", "a,b", &error);
  EXPECT_EQ(error, "3 fields where 2 are expected");
}

TEST(InputFormat, Criteo) {
  std::string line = "1";
  for (int i = 1; i <= 13; ++i) line += "\t" + (i == 2 ? std::string() : std::to_string(i));
  for (int i = 1; i <= 26; ++i) line += "\tc" + std::to_string(i);
  EXPECT_EQ(Split(Format(DataFormat::kCriteo), {"label", "I1", "I2", "C26"}, line + "\n"),
            (Values{"1", "1", "", "c26"}));
  std::string error;
  Split(Format(DataFormat::kCriteo), {"label"}, "1\t2", "", &error);
  EXPECT_EQ(error, "2 fields where 40 are expected");
}

TEST(InputFormat, RecordsThatComeWithTheirCuts) {
  DataConfig data = Format(DataFormat::kCsv);
  data.header = false;
  data.trim = true;
  data.names = {"x", "y", "z"};
  const auto format = MakeInputFormat(data, {"z", "x"});
  const FileColumns columns = format->Resolve("data.txt", "");
  const TextBlock block{.text = "1, 2 , 3 \r\n4,5\n"};
  RecordStream records(block, ',', ',');
  Record record;
  std::vector<std::string_view> values;
  ASSERT_TRUE(records.Next(&record));
  ASSERT_FALSE(record.cuts.empty());
  EXPECT_EQ(format->Split(record, columns, &values), "");
  EXPECT_EQ(Values(values.begin(), values.end()), (Values{"3", "1"}));
  ASSERT_TRUE(records.Next(&record));
  EXPECT_EQ(format->Split(record, columns, &values), "2 fields where 3 are expected");
}

TEST(InputFormat, Libsvm) {
  const std::vector<std::string> wanted = {"label", "features", "3"};
  EXPECT_EQ(Split(Format(DataFormat::kLibsvm), wanted, "+1 1:0.5 3:2 7:1 # comment\n"),
            (Values{"+1", "1:0.5 7:1", "2"}));
  EXPECT_EQ(Split(Format(DataFormat::kLibsvm), wanted, "0\n"), (Values{"0", "", ""}));
  std::string error;
  for (const char* bad : {"1 x:1", "1 2:", "1 2", "1 2:3:4", "1 2:one"}) {
    Split(Format(DataFormat::kLibsvm), wanted, bad, "", &error);
    EXPECT_NE(error.find("is no index:value"), std::string::npos) << bad;
  }
}

TEST(InputFormat, LibsvmHasGroupsCommentsAndZerosBeforeIndices) {
  const std::vector<std::string> wanted = {"label", "qid", "7", "features"};
  EXPECT_EQ(Split(Format(DataFormat::kLibsvm), wanted, "1 qid:3 007:0.5 012:2 # comment"),
            (Values{"1", "3", "0.5", "12:2"}));
  EXPECT_EQ(Split(Format(DataFormat::kLibsvm), {"features"}, "qid:3 00:1"), (Values{"0:1"}));
  std::string error;
  Split(Format(DataFormat::kLibsvm), wanted, "1 7:1", "", &error);
  EXPECT_EQ(error, "the line has no qid:GROUP before its first pair");
  EXPECT_EQ(Split(Format(DataFormat::kLibffm), {"2"}, "1 02:0010:1 2:00:5"), (Values{"10:1 0:5"}));
  for (const DataFormat format : {DataFormat::kLibsvm, DataFormat::kLibffm}) {
    const auto reader = MakeInputFormat(Format(format), {"2"});
    for (const char* line : {"# comment\n", " \t# comment", " \r\n"})
      EXPECT_TRUE(reader->HoldsNothing(line)) << line;
    EXPECT_FALSE(reader->HoldsNothing("0"));
    ExpectError(ExitCode::kData, {"no column \"07\""}, [&] { Split(Format(format), {"07"}, ""); });
  }
}

// As the test files of the Criteo challenge are.
TEST(InputFormat, CriteoLinesWithoutALabelAreForScoringOnly) {
  std::string line;
  for (int i = 1; i <= 13; ++i) line += std::to_string(i) + "\t";
  for (int i = 1; i <= 26; ++i) line += "c" + std::to_string(i) + (i < 26 ? "\t" : "");
  for (const std::string& text : {line, "0\t" + line}) {
    EXPECT_EQ(Split(Format(DataFormat::kCriteo), {"I1", "C26"}, text, text), (Values{"1", "c26"}));
  }
  std::string error;
  Split(Format(DataFormat::kCriteo), {"label", "I1"}, line, line, &error);
  EXPECT_EQ(error, "39 fields where 40 are expected");
}

TEST(InputFormat, AQuoteMayBeACharacterLikeOthers) {
  DataConfig data = Format(DataFormat::kTsv);
  std::string error;
  Split(data, {"b"}, "1\t15\" screen", "a\tb", &error);
  EXPECT_NE(error.find("quote = \"none\""), std::string::npos) << error;
  data.quote = Quote::kNone;
  EXPECT_EQ(Split(data, {"b"}, "1\t15\" screen", "a\tb"), (Values{"15\" screen"}));
  EXPECT_EQ(Split(data, {"b"}, "1\t\"a", "a\tb"), (Values{"\"a"}));
  EXPECT_TRUE(MakeInputFormat(data, {"b"})->QuotedSeparator().none());
}

TEST(InputFormat, AFirstLineOfTheGivenNamesIsAHeader) {
  DataConfig data = Format(DataFormat::kCsv);
  data.header = false;
  data.names = {"x", "y"};
  const auto format = MakeInputFormat(data, {"y"});
  EXPECT_TRUE(format->Resolve("a.csv", "x,\"y\"\r\n").has_header);
  EXPECT_FALSE(format->Resolve("a.csv", "x,z").has_header);
  EXPECT_FALSE(format->Resolve("a.csv", "x").has_header);
  EXPECT_FALSE(format->Resolve("a.csv", "1,2").has_header);
}

TEST(InputFormat, Libffm) {
  const std::vector<std::string> wanted = {"label", "0", "2"};
  EXPECT_EQ(Split(Format(DataFormat::kLibffm), wanted, "1 0:10:1 2:20:0.5 2:21:1 5:1:1"),
            (Values{"1", "10:1", "20:0.5 21:1"}));
  std::string error;
  Split(Format(DataFormat::kLibffm), wanted, "1 0:10", "", &error);
  EXPECT_EQ(error, "\"0:10\" is no field:index:value");
}

TEST(InputFormat, ALineOfPairsWithoutALabelIsForScoringOnly) {
  for (const auto& [format, line] :
       {std::pair(DataFormat::kLibsvm, "3:1 5:1"), std::pair(DataFormat::kLibffm, "3:9:1 5:9:1")}) {
    const std::string value = format == DataFormat::kLibsvm ? "1" : "9:1";
    EXPECT_EQ(Split(Format(format), {"3"}, line), (Values{value}));
    EXPECT_EQ(Split(Format(format), {"3"}, "0 " + std::string(line)), (Values{value}));
    std::string error;
    Split(Format(format), {"3", "label"}, line, "", &error);
    EXPECT_EQ(error, "the line has no label before its first pair");
  }
}

TEST(InputFormat, PairFormatsNameTheirColumns) {
  ExpectError(ExitCode::kData, {"data.txt", "no column \"age\"", "each index by its number"},
              [] { Split(Format(DataFormat::kLibsvm), {"age"}, "1 2:3"); });
  ExpectError(ExitCode::kData, {"data.txt", "no column \"features\"", "each field by its number"},
              [] { Split(Format(DataFormat::kLibffm), {"features"}, "1 0:2:3"); });
}

}  // namespace
}  // namespace fathom
