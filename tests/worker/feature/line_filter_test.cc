#include "worker/feature/line_filter.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

// 1: the text passes, 0: it is left out, -1: it is a bad line.
int Filtered(const std::string& test, std::string_view text,
             std::vector<std::string> missing = {""}) {
  DataConfig data;
  data.filter = {test};
  data.missing = std::move(missing);
  std::string error;
  const bool passes = LineFilter(data).Passes({text}, {0}, &error);
  EXPECT_TRUE(error.empty() || !passes);
  return error.empty() ? static_cast<int>(passes) : -1;
}

TEST(LineFilter, Tests) {
  EXPECT_EQ(Filtered("rating != 3", "4"), 1);
  EXPECT_EQ(Filtered("rating != 3", "3"), 0);
  EXPECT_EQ(Filtered("rating != 3|2", "2"), 0);
  EXPECT_EQ(Filtered("country == DE|FR", "FR"), 1);
  EXPECT_EQ(Filtered("country == DE|FR", "GB"), 0);
  EXPECT_EQ(Filtered("year >= 2000", "1e4"), 1);
  EXPECT_EQ(Filtered("year >= 2000", "1999"), 0);
  EXPECT_EQ(Filtered("year >= 2000", "soon"), -1);
}

TEST(LineFilter, AMissingValuePassesNoTestThatDoesNotNameIt) {
  for (const char* test : {"v == a", "v != a", "v > 1", "v <= 1"}) {
    SCOPED_TRACE(test);
    EXPECT_EQ(Filtered(test, ""), 0);
    EXPECT_EQ(Filtered(test, "?", {"?"}), 0);
  }
  EXPECT_EQ(Filtered("v != ", ""), 0);
  EXPECT_EQ(Filtered("v != ", "?", {"?"}), 0);
  EXPECT_EQ(Filtered("v != ", "a"), 1);
  EXPECT_EQ(Filtered("v == ", "?", {"?"}), 1);
  EXPECT_EQ(Filtered("v == ", "a"), 0);
  EXPECT_EQ(Filtered("v != ?", "?", {"?"}), 0);
  EXPECT_EQ(Filtered("v == ?|a", "?", {"?"}), 1);
}

TEST(LineFilter, ALineMustPassAll) {
  DataConfig data;
  data.filter = {"a > 1", "b == x"};
  const LineFilter filter(data);
  EXPECT_EQ(filter.Columns(), (std::vector<std::string>{"a", "b"}));
  std::string error;
  EXPECT_TRUE(filter.Passes({"x", "2"}, {1, 0}, &error));
  EXPECT_FALSE(filter.Passes({"x", "1"}, {1, 0}, &error));
  EXPECT_FALSE(filter.Passes({"y", "2"}, {1, 0}, &error));
  EXPECT_TRUE(error.empty());
}

TEST(LineFilter, WhatIsNoTest) {
  const auto refused = [](const char* test, std::initializer_list<const char*> words) {
    DataConfig data;
    data.filter = {test};
    testing::ExpectError(ExitCode::kUsage, words, [&] { LineFilter filter(data); });
  };
  refused("rating", {"data.filter = \"rating\"", "no test"});
  refused("", {"data.filter", "no column"});
  refused(" == 3", {"data.filter", "no column"});
  refused("rating > good", {"data.filter", "\"good\" is no number"});
}

}  // namespace
}  // namespace fathom
