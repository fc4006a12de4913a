#include <gtest/gtest.h>

#include "worker/transform/transform.h"

namespace fathom {
namespace {

const std::uint64_t kSeed = ColumnSeed("t");

std::string ErrorOf(TransformKind kind, std::string_view text) {
  Key key = 0;
  std::string error;
  EXPECT_FALSE(MakeTransform({.name = "t", .transform = kind}, nullptr)->KeyOf(text, &key, &error))
      << text;
  return error;
}

// The class that the key stands for; 99 where it is none of the small ones.
std::uint64_t ClassOf(TransformKind kind, std::string_view text) {
  Key key = 0;
  std::string error;
  EXPECT_TRUE(MakeTransform({.name = "t", .transform = kind}, nullptr)->KeyOf(text, &key, &error))
      << error;
  for (std::uint64_t i = 0; i < 99; ++i) {
    if (key == BucketKey(kSeed, i)) return i;
  }
  return 99;
}

// Expected values: date -u -d TEXT "+%-H %u %-d".
TEST(TimeTransform, TheFormsOfOneTime) {
  for (const char* text :
       {"2026-11-27T17:18:00Z", "2026-11-27 17:18:00", "2026-11-27T17:18", "2026-11-27t17:18:00z",
        "2026-11-27T17:18:00.25Z", "2026-11-27T19:18:00+02:00", "2026-11-27T12:48:00-0430",
        "1795799880", "1795799880.9"}) {
    EXPECT_EQ(ClassOf(TransformKind::kHour, text), 17U) << text;
    EXPECT_EQ(ClassOf(TransformKind::kWeekday, text), 4U) << text;  // Friday; Monday is 0
    EXPECT_EQ(ClassOf(TransformKind::kDay, text), 27U) << text;
  }
}

TEST(TimeTransform, Edges) {
  EXPECT_EQ(ClassOf(TransformKind::kHour, "0"), 0U);
  EXPECT_EQ(ClassOf(TransformKind::kWeekday, "0"), 3U);  // 1970-01-01 was a Thursday
  EXPECT_EQ(ClassOf(TransformKind::kHour, "-1"), 23U);
  EXPECT_EQ(ClassOf(TransformKind::kHour, "-0.5"), 23U);
  EXPECT_EQ(ClassOf(TransformKind::kDay, "-1"), 31U);
  EXPECT_EQ(ClassOf(TransformKind::kDay, "2024-02-29"), 29U);
  EXPECT_EQ(ClassOf(TransformKind::kDay, "2024-03-01T00:30:00+01:00"), 29U);
  EXPECT_EQ(ClassOf(TransformKind::kWeekday, "2026-11-29"), 6U);
  EXPECT_EQ(ClassOf(TransformKind::kHour, "2016-12-31T23:59:60Z"), 23U);  // a leap second
  EXPECT_EQ(ClassOf(TransformKind::kDay, "253402300799"), 31U);
}

TEST(TimeTransform, WhatIsNoTime) {
  for (const char* text :
       {"noon", "2026-11-27T", "2026-11-27X17:18:00", "2026-11-27T24:00:00", "2026-11-27T17:60:00",
        "2026-11-27T17:18:61", "2026-11-27T17:18:00.Z", "2026-11-27T17:18:00 UTC", "2026-02-29",
        "2026-13-01", "2026-1-1", "27.11.2026", "11/27/2026", "2026-11-27T17:18:00+2",
        "1795799880000", "2026-11-27T17:18:00Z1"}) {
    EXPECT_NE(ErrorOf(TransformKind::kDay, text).find("is no time: write"), std::string::npos)
        << text;
  }
  EXPECT_EQ(ErrorOf(TransformKind::kHour, "2026-11-27"),
            "column t = \"2026-11-27\" is a date without an hour");
}

}  // namespace
}  // namespace fathom
