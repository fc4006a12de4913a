#include "common/byte_size.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

TEST(ByteSize, NumbersWithUnits) {
  EXPECT_EQ(ByteSize::Parse("100B")->bytes(), 100);
  EXPECT_EQ(ByteSize::Parse("1kB")->bytes(), 1e3);
  EXPECT_EQ(ByteSize::Parse("2.5MB")->bytes(), 2.5e6);
  EXPECT_EQ(ByteSize::Parse("24GB")->bytes(), 24e9);
  EXPECT_EQ(ByteSize::Parse("3TB")->bytes(), 3e12);
  EXPECT_EQ(ByteSize::Parse("1KiB")->bytes(), 1024);
  EXPECT_EQ(ByteSize::Parse("1.5MiB")->bytes(), 1.5 * 1048576);
  EXPECT_EQ(ByteSize::Parse("2GiB")->bytes(), 2.0 * (1 << 30));
  EXPECT_EQ(ByteSize::Parse("1TiB")->bytes(), 1024.0 * (1 << 30));
  EXPECT_EQ(ByteSize::Parse("1.5MiB")->text(), "1.5MiB");
  for (const char* text :
       {"24", "GB", "-1GB", "0GB", "24gb", "24 GB", "1e40GB", "nanGB", "24GBx", " "})
    EXPECT_FALSE(ByteSize::Parse(text)) << text;
}

TEST(ByteSize, AnEmptyTextGivesNone) {
  EXPECT_FALSE(ByteSize::Parse("")->given());
  EXPECT_EQ(ByteSize::Parse("")->bytes(), 0);
  EXPECT_TRUE(ByteSize("1B").given());
}

TEST(ByteSize, ADefaultThatIsNoSizeIsAnError) {
  testing::ExpectError(ExitCode::kUsage, {"much"}, [] { ByteSize("much"); });
}

}  // namespace
}  // namespace fathom
