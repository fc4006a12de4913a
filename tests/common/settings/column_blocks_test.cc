#include "common/settings/column_blocks.h"

#include <gtest/gtest.h>

#include "common/settings/config_dump.h"
#include "common/settings/config_file.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

Config ParseBlocks(const std::string& text, const std::vector<std::string>& overrides = {},
                   GivenKeys* given = nullptr) {
  return ParseConfig("[data]\ntrain = [\"a.csv\"]\n" + text, "run.toml", "/data", overrides, given);
}

void ExpectBlocksRefused(const std::string& text, std::initializer_list<const char*> words,
                         const std::vector<std::string>& overrides = {}) {
  ExpectError(ExitCode::kUsage, words, [&] { ParseBlocks(text, overrides); });
}

std::vector<std::string> Names(const Config& config) {
  std::vector<std::string> names;
  for (const ColumnConfig& column : config.columns) names.push_back(column.name);
  return names;
}

using List = std::vector<std::string>;

TEST(ColumnBlocks, RangesAndNamesInOrder) {
  EXPECT_EQ(Names(ParseBlocks("[[column]]\nnames = [\"I1..I3\", \"hour\", \"C9..C11\"]\n")),
            (List{"I1", "I2", "I3", "hour", "C9", "C10", "C11"}));
  EXPECT_EQ(Names(ParseBlocks("[[column]]\nnames = [\"f08..f11\"]\n")),
            (List{"f08", "f09", "f10", "f11"}));
  // The columns of libsvm are numbers; a range may be of one column; a prefix may have digits.
  EXPECT_EQ(Names(ParseBlocks("[[column]]\nnames = [\"7..9\"]\n")), (List{"7", "8", "9"}));
  EXPECT_EQ(Names(ParseBlocks("[[column]]\nnames = [\"x0..x0\"]\n")), (List{"x0"}));
  EXPECT_EQ(Names(ParseBlocks("[[column]]\nnames = [\"a1_b0..a1_b2\"]\n")),
            (List{"a1_b0", "a1_b1", "a1_b2"}));
  // A name with two dots in it, as R makes them, has a block of its own.
  EXPECT_EQ(Names(ParseBlocks("[[column]]\nname = \"a..b\"\n")), (List{"a..b"}));
}

TEST(ColumnBlocks, IsTheSameAsOneBlockForEachColumn) {
  const Config blocks = ParseBlocks(R"(
[[column]]
names = ["I1..I2"]
kind = "numeric"
transform = "log"
[[column]]
names = ["C1", "C2"]
dim = 8
)");
  std::string single;
  for (const char* name : {"I1", "I2"})
    single +=
        fmt::format("[[column]]\nname = \"{}\"\nkind = \"numeric\"\ntransform = \"log\"\n", name);
  for (const char* name : {"C1", "C2"})
    single += fmt::format("[[column]]\nname = \"{}\"\ndim = 8\n", name);
  EXPECT_EQ(DumpConfig(blocks), DumpConfig(ParseBlocks(single)));
  EXPECT_EQ(ParseBlocks("[[column]]\nnames = [\"C1..C3\"]\n", {"column.C2.dim=4"}).columns[1].dim,
            4);
}

TEST(ColumnBlocks, DefaultsAreForColumnsThatDoNotSayOtherwise) {
  GivenKeys given;
  // They count wherever they stand in the file.
  const Config config = ParseBlocks(R"(
[[column]]
names = ["C1..C2"]
[[column]]
name = "C3"
transform = "none"
[column_defaults]
transform = "vocabulary"
use = "wide"
)",
                                    {}, &given);
  ASSERT_EQ(config.columns.size(), 3U);
  EXPECT_EQ(config.columns[1].transform, TransformKind::kVocabulary);
  EXPECT_EQ(config.columns[2].transform, TransformKind::kNone);
  EXPECT_EQ(config.columns[2].use, Use::kWide);
  EXPECT_FALSE(given.contains("column.C1.use"));
  EXPECT_TRUE(given.contains("column.C3.transform"));
}

TEST(ColumnBlocks, DefaultsGoToColumnsThatHaveAUseForThem) {
  const Config config = ParseBlocks(R"(
[[column]]
names = ["I1..I2"]
kind = "numeric"
[[column]]
name = "C1"
[[column]]
name = "tags"
kind = "multivalent"
transform = "vocabulary"
[column_defaults]
hash_buckets = 1000
pooling = "mean"
missing_as = "zero"
dim = 4
)",
                                    {}, nullptr);
  ASSERT_EQ(config.columns.size(), 4U);
  EXPECT_EQ(config.columns[0].hash_buckets, 0);
  EXPECT_EQ(config.columns[0].missing_as, MissingAs::kZero);
  EXPECT_EQ(config.columns[0].dim, 0);
  EXPECT_EQ(config.columns[2].hash_buckets, 1000);
  EXPECT_EQ(config.columns[2].pooling, Pooling::kSum);
  EXPECT_EQ(config.columns[2].dim, 4);
  EXPECT_EQ(config.columns[3].hash_buckets, 0);
  EXPECT_EQ(config.columns[3].pooling, Pooling::kMean);
  ExpectBlocksRefused("[[column]]\nname = \"a\"\n[column_defaults]\npooling = \"mean\"\n",
                      {"run.toml:6", "[column_defaults]", "no column takes pooling"});
}

TEST(ColumnBlocks, WhatIsNoRange) {
  for (const char* range : {"C1..", "..C3", "C..D", "C1..D3", "C3..C1", "C01..C100", "C1..C05",
                            "C1..C9999999", "C1..C12345678901", "C1...C3", "C1..C2..C3"}) {
    ExpectBlocksRefused(fmt::format("[[column]]\nnames = [\"{}\"]\n", range),
                        {"run.toml:4", range, "is no range"});
  }
}

TEST(ColumnBlocks, NamesThatContradict) {
  ExpectBlocksRefused("[[column]]\nnames = [\"a\", \"b\", \"a\"]\n", {"run.toml:4", "\"a\" twice"});
  ExpectBlocksRefused("[[column]]\nnames = [\"C1..C3\", \"C2\"]\n", {"run.toml:4", "\"C2\" twice"});
  ExpectBlocksRefused("[[column]]\nname = \"C2\"\n[[column]]\nnames = [\"C1..C3\"]\n",
                      {"run.toml:5", "\"C2\" is there already"});
  ExpectBlocksRefused("[[column]]\nname = \"a\"\nnames = [\"b\"]\n",
                      {"run.toml:4", "name goes with one"});
  ExpectBlocksRefused("[[column]]\nsource = \"a\"\nnames = [\"b\"]\n",
                      {"run.toml:4", "source goes with one"});
  ExpectBlocksRefused("[[column]]\nnames = []\n", {"run.toml:4", "names is empty"});
  ExpectBlocksRefused("[[column]]\nnames = [\"\"]\n", {"has no name"});
  ExpectBlocksRefused("[[column]]\nnames = \"C1..C3\"\n",
                      {"run.toml:4", "names must be of type list"});
  ExpectBlocksRefused("[column]\nname = \"a\"\n", {"run.toml:3", "write [[column]]"});
}

TEST(ColumnBlocks, DefaultsThatAreNone) {
  ExpectBlocksRefused("[column_defaults]\nname = \"a\"\n", {"run.toml:4", "name goes with one"});
  ExpectBlocksRefused("[column_defaults]\nnames = [\"a\"]\n",
                      {"run.toml:4", "names goes with one"});
  ExpectBlocksRefused("[column_defaults]\nsource = \"a\"\n",
                      {"run.toml:4", "source goes with one"});
  ExpectBlocksRefused("[column_defaults]\nkid = \"a\"\n",
                      {"run.toml:4", "unknown key \"kid\" in [column_defaults]", "\"kind\""});
  ExpectBlocksRefused("[[column_defaults]]\nkind = \"numeric\"\n",
                      {"run.toml:3", "write [column_defaults]"});
  ExpectBlocksRefused("", {"stands in a config file only"}, {"column_defaults.dim=8"});
}

}  // namespace
}  // namespace fathom
