#include "worker/text/input_format.h"

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
  EXPECT_EQ(Split(Format(DataFormat::kTsv), {"b"}, "1\t2\t3",
                  "\xEF\xBB\xBF"
                  "a\tb\tc"),
            (Values{"2"}));
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
