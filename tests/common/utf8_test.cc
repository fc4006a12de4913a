#include "common/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace fathom {
namespace {

// The examples of RFC 3629 and the Unicode standard, and one past each bound.
TEST(Utf8, TakesWhatIsWellFormed) {
  for (const std::string text :
       {"", "plain", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
        "B\xC3\xBC"
        "cher"})
    EXPECT_TRUE(IsUtf8(text)) << text;
  EXPECT_TRUE(IsUtf8(std::string_view("a\0b", 3)));
}

TEST(Utf8, WhatIsNotSeenIsShown) {
  EXPECT_EQ(Printable(std::string_view("a\0b\n\x7F \xC3\xBC", 8)), "a\\x00b\\x0a\\x7f \xC3\xBC");
}

TEST(Utf8, RefusesWhatIsNot) {
  for (const std::string text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2x", "\xE0\x9F\xBF", "\xE0\xA0",
        "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF0\x90\x80", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF",
        "B\xFC"
        "cher"})
    EXPECT_FALSE(IsUtf8(text)) << text;
}

}  // namespace
}  // namespace fathom
