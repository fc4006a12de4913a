#include "common/byte_size.h"

#include <gtest/gtest.h>

namespace fathom {
namespace {

TEST(ByteSize, NumbersWithUnits) {
  EXPECT_EQ(ParseByteSize("24GB"), 24e9);
  EXPECT_EQ(ParseByteSize("1.5MiB"), 1.5 * 1048576);
  EXPECT_EQ(ParseByteSize("100B"), 100);
  for (const char* text :
       {"", "24", "GB", "-1GB", "0GB", "24gb", "24 GB", "1e40GB", "nanGB", "24GBx"})
    EXPECT_FALSE(ParseByteSize(text)) << text;
}

}  // namespace
}  // namespace fathom
