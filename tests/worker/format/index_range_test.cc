#include "worker/format/index_range.h"

#include <gtest/gtest.h>

#include "worker/format/input_format.h"

namespace fathom {
namespace {

using Values = std::vector<std::string>;

Values ValuesOf(DataFormat kind, const Values& wanted, const std::string& line) {
  DataConfig data;
  data.format = kind;
  const auto format = MakeInputFormat(data, wanted);
  const FileColumns columns = format->Resolve("file", "");
  std::vector<std::string_view> values;
  EXPECT_EQ(format->Split({.text = line, .line = 1}, columns, &values), "");
  return {values.begin(), values.end()};
}

TEST(IndexRange, WhatIsOne) {
  const auto range = IndexRange::Parse("100..200");
  ASSERT_TRUE(range);
  for (const char* inside : {"100", "150", "200", "0101"}) EXPECT_TRUE(range->Has(inside));
  for (const char* outside : {"99", "201", "1000", "99999999999999999999999", ""})
    EXPECT_FALSE(range->Has(outside));
  EXPECT_TRUE(IndexRange::Parse("7..7"));
  for (const char* none :
       {"", "7", "7..", "..7", "7..6", "a..b", "1...2", "1..2..3", "-1..2", "1 .. 2"})
    EXPECT_FALSE(IndexRange::Parse(none)) << none;
}

TEST(IndexRange, AColumnOfLibsvm) {
  const std::string line = "1 1:0.5 7:2 100:1 150:0.25 200:3 201:4\n";
  EXPECT_EQ(ValuesOf(DataFormat::kLibsvm, {"label", "100..200", "7", "features"}, line),
            (Values{"1", "100:1 150:0.25 200:3", "2", "1:0.5 201:4"}));
  // A pair belongs to every column that names it.
  EXPECT_EQ(ValuesOf(DataFormat::kLibsvm, {"1..7", "7", "5..100"}, line),
            (Values{"1:0.5 7:2", "2", "7:2 100:1"}));
  EXPECT_EQ(ValuesOf(DataFormat::kLibsvm, {"300..400"}, line), (Values{""}));
}

TEST(IndexRange, AColumnOfLibffmHasThePairsOfItsFields) {
  EXPECT_EQ(ValuesOf(DataFormat::kLibffm, {"2..3", "1", "label"}, "0 1:10:1 2:20:0.5 3:30:1\n"),
            (Values{"20:0.5 30:1", "10:1", "0"}));
}

}  // namespace
}  // namespace fathom
