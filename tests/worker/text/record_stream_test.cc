#include "worker/text/record_stream.h"

#include <gtest/gtest.h>

#include "common/random.h"
#include "worker/text/csv.h"

namespace fathom {
namespace {

using Fields = std::vector<std::string>;

// The fields that a record's cuts stand for.
Fields CutFields(const Record& record) {
  Fields fields;
  const std::string_view line = WithoutLineEnd(record.text);
  const std::string_view block(record.block, static_cast<std::size_t>(line.end() - record.block));
  for (std::size_t f = 0; f + 1 < record.cuts.size(); ++f) {
    const std::uint32_t begin = record.cuts[f] + 1;
    fields.emplace_back(block.substr(begin, record.cuts[f + 1] - begin));
  }
  return fields;
}

Fields SplitFields(std::string_view record) {
  std::vector<std::string_view> fields;
  std::string unescaped;
  EXPECT_EQ(SplitCsv(record, ',', false, &fields, &unescaped), "");
  return {fields.begin(), fields.end()};
}

// Reads `text` with an index and without: the records must be the same.
std::size_t ExpectSameWithCuts(const std::string& text) {
  const TextBlock block{.first_line = 7, .text = text};
  RecordStream plain(block, ',', '\0'), cut(block, ',', ',');
  Record expected, record;
  std::size_t with_cuts = 0;
  while (plain.Next(&expected)) {
    EXPECT_TRUE(cut.Next(&record));
    EXPECT_EQ(record.text.data(), expected.text.data());
    EXPECT_EQ(record.text.size(), expected.text.size());
    EXPECT_EQ(record.line, expected.line);
    EXPECT_TRUE(expected.cuts.empty());
    if (record.cuts.empty()) continue;
    ++with_cuts;
    EXPECT_EQ(CutFields(record), SplitFields(record.text));
  }
  EXPECT_FALSE(cut.Next(&record));
  return with_cuts;
}

TEST(RecordStream, CutsOfPlainLines) {
  EXPECT_EQ(ExpectSameWithCuts("a,b,c\n,,\r\n\n\r\nlonger field,x\ny\n"), 4U);
}

TEST(RecordStream, ALastLineWithoutItsEndHasNoCuts) {
  EXPECT_EQ(ExpectSameWithCuts("a,b\nc,d"), 1U);
  EXPECT_EQ(ExpectSameWithCuts(""), 0U);
}

TEST(RecordStream, QuotedRecordsHaveNoCuts) {
  const std::string far = std::string(200, 'x') + ",1\n";
  const std::string quoted = "\"two\nlines, and a \"\"quote\"\"\",2\n";
  // A line that ends within 64 bytes of the quote has none either.
  EXPECT_EQ(ExpectSameWithCuts(far + far + quoted + far + far), 3U);
  EXPECT_EQ(ExpectSameWithCuts(quoted + quoted), 0U);
}

TEST(RecordStream, LinesLongerThanTheIndex) {
  const std::string line = std::string(3 * DelimiterIndex::kStretch, 'x') + ",y\n";
  EXPECT_EQ(ExpectSameWithCuts("a,b\n" + line + "c,d\n" + line), 2U);
}

TEST(RecordStream, LinesOfAllLengthsOverManyStretches) {
  std::string text;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    for (std::uint64_t f = 0; f < Mix64(1, i) % 40; ++f)
      text += std::string(Mix64(i, f) % 5, 'a') + ",";
    text += i % 100 == 0 ? "\"quoted\"\n" : i % 7 == 0 ? "end\r\n" : "\n";
  }
  EXPECT_GT(ExpectSameWithCuts(text), 4000U);
}

}  // namespace
}  // namespace fathom
