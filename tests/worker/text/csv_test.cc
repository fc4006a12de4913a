#include "worker/text/csv.h"

#include <gtest/gtest.h>

namespace fathom {
namespace {

using Fields = std::vector<std::string>;

Fields Split(std::string_view record, std::string* error = nullptr, bool trim = false,
             char separator = ',') {
  std::vector<std::string_view> fields;
  std::string unescaped;
  const std::string why = SplitCsv(record, separator, trim, &fields, &unescaped);
  if (error != nullptr) *error = why;
  return {fields.begin(), fields.end()};
}

TEST(Csv, SplitsPlainFields) {
  EXPECT_EQ(Split("a,b,,d\n"), (Fields{"a", "b", "", "d"}));
  EXPECT_EQ(Split("a\r\n"), (Fields{"a"}));
  EXPECT_EQ(Split("a,"), (Fields{"a", ""}));
}

TEST(Csv, TakesQuotesOut) {
  EXPECT_EQ(Split("\"a,b\",\"say \"\"hi\"\"\",\"\",c\n"), (Fields{"a,b", "say \"hi\"", "", "c"}));
  EXPECT_EQ(Split("\"two\nlines\",x\n"), (Fields{"two\nlines", "x"}));
}

TEST(Csv, TrimsUnquotedFields) {
  EXPECT_EQ(Split(" a ,\tb, \" c \" \n", nullptr, true), (Fields{"a", "b", " c "}));
  EXPECT_EQ(Split(" a , b", nullptr, false), (Fields{" a ", " b"}));
}

TEST(Csv, SeparatorsOfAnyText) {
  const auto split = [](std::string_view record, const char* separator, bool trim = false) {
    std::vector<std::string_view> fields;
    std::string unescaped;
    EXPECT_EQ(SplitCsv(record, Separator(std::string(separator)), trim, &fields, &unescaped), "");
    return Fields(fields.begin(), fields.end());
  };
  EXPECT_EQ(split("a::\"b::\"\"\"::::c:\n", "::"), (Fields{"a", "b::\"", "", "c:"}));
  EXPECT_EQ(split(" a :: \"b\" ::", "::", true), (Fields{"a", "b", ""}));
  EXPECT_EQ(split(" \ta  \"b c\"\t d \r\n", "blanks"), (Fields{"a", "b c", "d"}));
  EXPECT_EQ(split("a - b-c", " - ", true), (Fields{"a", "b-c"}));
  const Separator twice(std::string("::"));
  EXPECT_EQ(CsvRecordEnd("a::\"x\ny\"\nb", 0, twice, false), 9U);
  EXPECT_EQ(CsvRecordEnd("a:\"x\ny\"\nb", 0, twice, false), 5U) << "no quoted field begins there";
  EXPECT_EQ(CsvRecordEnd("  \"x\ny\" 1\nb", 0, Separator(std::string("blanks")), false), 10U);
}

TEST(Csv, TrimmingKeepsEmptyFieldsOfTabSeparatedText) {
  EXPECT_EQ(Split("a\t\t b\t\n", nullptr, true, '\t'), (Fields{"a", "", "b", ""}));
}

TEST(Csv, BadQuotesSayWhich) {
  std::string error;
  Split("a,\"b", &error);
  EXPECT_EQ(error, "field 2 opens a quote that is never closed");
  Split("\"a\"b,c", &error);
  EXPECT_EQ(error, "field 1 goes on after its closing quote");
  Split("a,b\"c", &error);
  EXPECT_NE(error.find("field 2 has a quote inside"), std::string::npos);
}

TEST(CsvRecordEnd, FindsLineEndsOutsideQuotes) {
  const std::string text = "a,\"x\ny\"\nb,c\nd";
  EXPECT_EQ(CsvRecordEnd(text, 0, ',', false), 8U);
  EXPECT_EQ(CsvRecordEnd(text, 8, ',', false), 12U);
  EXPECT_EQ(CsvRecordEnd(text, 12, ',', false), std::string::npos);
  EXPECT_EQ(CsvRecordEnd(text, 12, ',', true), text.size());
}

TEST(CsvRecordEnd, WaitsForTheRestOfAQuotedField) {
  EXPECT_EQ(CsvRecordEnd("a,\"x\ny", 0, ',', false), std::string::npos);
  // Cut between the two halves of a doubled quote.
  EXPECT_EQ(CsvRecordEnd("\"x\"", 0, ',', false), std::string::npos);
  EXPECT_EQ(CsvRecordEnd("\"x\"\"\n\"\n", 0, ',', false), 7U);
}

TEST(CsvRecordEnd, AForgottenQuoteEndsWithItsLine) {
  EXPECT_EQ(CsvRecordEnd("a,\"x\nb,c\n", 0, ',', true), 5U);
  const std::string long_text = "\"x\n" + std::string(3 << 20, 'y');
  EXPECT_EQ(CsvRecordEnd(long_text, 0, ',', false), 3U);
}

}  // namespace
}  // namespace fathom
