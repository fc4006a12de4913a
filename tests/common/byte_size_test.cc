#include "common/byte_size.h"

#include <gtest/gtest.h>

namespace fathom {
namespace {

TEST(ByteSize, NumbersWithUnits) {
  EXPECT_EQ(ParseByteSize("100B"), 100);
  EXPECT_EQ(ParseByteSize("1kB"), 1e3);
  EXPECT_EQ(ParseByteSize("2.5MB"), 2.5e6);
  EXPECT_EQ(ParseByteSize("24GB"), 24e9);
  EXPECT_EQ(ParseByteSize("3TB"), 3e12);
  EXPECT_EQ(ParseByteSize("1KiB"), 1024);
  EXPECT_EQ(ParseByteSize("1.5MiB"), 1.5 * 1048576);
  EXPECT_EQ(ParseByteSize("2GiB"), 2.0 * (1 << 30));
  EXPECT_EQ(ParseByteSize("1TiB"), 1024.0 * (1 << 30));
  for (const char* text :
       {"", "24", "GB", "-1GB", "0GB", "24gb", "24 GB", "1e40GB", "nanGB", "24GBx"})
    EXPECT_FALSE(ParseByteSize(text)) << text;
}

}  // namespace
}  // namespace fathom
