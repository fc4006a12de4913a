#include "common/config/data_check.h"

#include <gtest/gtest.h>

#include "common/settings/config_file.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

Config Parse(const std::string& data, const std::string& column) {
  return ParseConfig("[data]\n" + data + "\n[[column]]\nname = \"a\"\n" + column, "run.toml",
                     "/data", {});
}

void ExpectUsage(const std::string& data, const std::string& column,
                 std::initializer_list<const char*> words) {
  ExpectError(ExitCode::kUsage, words, [&] { Parse(data, column); });
}

constexpr const char* kCsv = "train = [\"a.csv\"]\n";

TEST(DataCheck, WhatGoesWithTheFormat) {
  for (const char* format : {"criteo", "libsvm", "libffm", "vw"}) {
    const std::string data = std::string(kCsv) + "format = \"" + format + "\"\n";
    ExpectUsage(data + "header = false", "",
                {"data.header = false goes with the formats csv, tsv"});
    ExpectUsage(data + "trim = true", "", {"data.trim goes with the formats csv, tsv", format});
    ExpectUsage(data + "names = [\"a\"]", "", {"data.names goes with data.header = false"});
    EXPECT_NO_THROW(Parse(data, ""));
  }
  for (const char* format : {"libsvm", "libffm", "vw"}) {
    ExpectUsage(std::string(kCsv) + "format = \"" + format + "\"\n",
                "kind = \"multivalent\"\nseparator = \",\"",
                {"separator does not go with data.format", format});
  }
  EXPECT_NO_THROW(Parse(std::string(kCsv) + "format = \"criteo\"",
                        "kind = \"multivalent\"\nseparator = \",\""));
}

TEST(DataCheck, GeneratedDataReadNothing) {
  const std::string data = "format = \"generated\"\n";
  EXPECT_NO_THROW(Parse(data, "values = 7"));
  ExpectUsage(data + kCsv, "", {"reads nothing", "data.train"});
  ExpectUsage(data + "missing = [\"?\"]", "", {"reads nothing: data.missing"});
  ExpectUsage(data + "label = \"a\"", "", {"reads nothing: data.label"});
  ExpectUsage(data + "max_bad_lines = 1", "", {"reads nothing: data.max_bad_lines"});
  ExpectUsage(data + "trim = true", "", {"data.trim"});
  ExpectUsage(kCsv, "values = 7", {"values goes with data.format = \"generated\""});
}

TEST(DataCheck, NegativeLabelsNeedATestOfEquality) {
  const std::string negative = std::string(kCsv) + "label_negative = [\"no\"]\n";
  EXPECT_NO_THROW(Parse(negative + "label = \"l == yes\"", ""));
  EXPECT_NO_THROW(Parse(negative + "label = \"l != yes\"", ""));
  ExpectUsage(negative + "label = \"l >= 4\"", "", {"data.label_negative goes with"});
  ExpectUsage(negative, "", {"data.label_negative goes with"});
}

TEST(DataCheck, WhatGoesWithTheKindOfColumn) {
  ExpectUsage(kCsv, "separator = \",\"", {"separator goes with kind = \"multivalent\""});
  ExpectUsage(kCsv, "pooling = \"mean\"", {"pooling goes with kind = \"multivalent\""});
  ExpectUsage(kCsv, "weighted = true", {"weighted goes with kind = \"multivalent\""});
  ExpectUsage(kCsv, "missing_as = \"zero\"", {"missing_as goes with kind = \"numeric\""});
  ExpectUsage(kCsv, "kind = \"numeric\"\nhash_buckets = 3", {"hash_buckets does not go with"});
  ExpectUsage(kCsv, "kind = \"numeric\"\ndim = 3", {"dim goes with a categorical or multivalent"});
  ExpectUsage(kCsv, "use = \"wide\"\ndim = 3", {"dim goes with", "no embedding"});
  EXPECT_NO_THROW(Parse(kCsv, "use = \"deep\"\ndim = 3"));
  ExpectUsage(kCsv, "kind = \"multivalent\"\nseparator = \"||\"", {"one character"});
}

TEST(DataCheck, WhatGoesWithTheTransform) {
  ExpectUsage(kCsv, "quantiles = 7", {"quantiles goes with transform = \"quantiles\""});
  ExpectUsage(kCsv, "boundaries = [1]", {"boundaries goes with transform = \"buckets\""});
  ExpectUsage(kCsv, "min_count = 2", {"min_count goes with transform = \"vocabulary\""});
  ExpectUsage(kCsv, "transform = \"hour\"\nhash_buckets = 2",
              {"hash_buckets goes with transform = \"none\", not with \"hour\""});
  ExpectUsage(kCsv, "kind = \"numeric\"\ntransform = \"hour\"", {"does not go with kind"});
  EXPECT_NO_THROW(Parse(kCsv, "transform = \"quantiles\"\nquantiles = 7"));
}

TEST(DataCheck, WhatGoesWithTheCross) {
  const std::string cross = "[[column]]\nname = \"b\"\n[[cross]]\ncolumns = [\"a\", \"b\"]\n";
  ExpectUsage(kCsv, cross + "dim = 3", {"dim goes with use = \"deep\""});
  ExpectUsage(kCsv, cross + "pooling = \"mean\"", {"pooling goes with a multivalent column"});
  EXPECT_NO_THROW(Parse(kCsv, cross + "use = \"both\"\ndim = 3"));
  EXPECT_NO_THROW(Parse(kCsv, "kind = \"multivalent\"\n" + cross + "pooling = \"mean\""));
}

}  // namespace
}  // namespace fathom
