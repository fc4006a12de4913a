#include "common/partitions.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace fathom {
namespace {

TEST(Partitions, APowerOfTwoOfThem) {
  for (const int count : {64, 128, 1024, 4096}) EXPECT_EQ(Partitions(count).count(), count);
  for (const int count : {-64, 0, 1, 32, 63, 65, 96, 4095, 8192})
    EXPECT_FALSE(Partitions::MayBe(count)) << count;
}

TEST(Partitions, TheTopBitsOfAKey) {
  EXPECT_EQ(Partitions().Of(~Key{0}), 63);
  EXPECT_EQ(Partitions(4096).Of(~Key{0}), 4095);
  EXPECT_EQ(Partitions(256).Of(Key{0x42} << 56 | 0xFFFF), 0x42);
}

TEST(Partitions, SmallIdsSpread) {
  std::vector<int> counts(Partitions::kFewest);
  for (int i = 0; i < 64000; ++i)
    ++counts[static_cast<std::size_t>(
        Partitions().Of(ValueKey(ColumnSeed("id"), std::to_string(i))))];
  for (const int count : counts) EXPECT_NEAR(count, 1000, 200);
}

TEST(Partitions, EachHasOneServer) {
  for (const auto& [count, step] : {std::pair{64, 1}, {256, 7}, {4096, 315}}) {
    const Partitions cut(count);
    for (int servers = 1; servers <= count; servers += step) {
      for (int p = 0; p < count; ++p) {
        const int server = cut.ServerOf(p, servers);
        ASSERT_TRUE(cut.OfServer(server, servers).Holds(p)) << p << " of " << count;
      }
      for (int server = 0; server < servers; ++server) {
        const int own = cut.OfServer(server, servers).count();
        ASSERT_LE(std::abs(own * servers - count), servers) << "shares differ by one at most";
      }
    }
  }
}

// A server reads the files of a model that was cut otherwise.
TEST(Partitions, ThoseOfAnotherCutThatShareKeys) {
  const auto covering = [](int own, PartitionRange range, int other) {
    const PartitionRange found = Partitions(own).Covering(range, Partitions(other));
    return std::pair(found.first, found.end);
  };
  EXPECT_EQ(covering(64, {3, 9}, 64), std::pair(3, 9));
  EXPECT_EQ(covering(256, {3, 9}, 64), std::pair(12, 36));
  EXPECT_EQ(covering(64, {3, 9}, 256), std::pair(0, 3));
  EXPECT_EQ(covering(64, {4, 8}, 256), std::pair(1, 2));
  EXPECT_EQ(covering(64, {4095, 4096}, 4096), std::pair(63, 64));
}

}  // namespace
}  // namespace fathom
