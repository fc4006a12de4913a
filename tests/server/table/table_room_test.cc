#include "server/table/table_room.h"

#include <gtest/gtest.h>

#include "server/table/row_index.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

// Told from numbers: so many rows take terabytes.
TEST(TableRoom, TwoToThe25thRowsAPartition) {
  EXPECT_TRUE(HasRoom(2.1e9, Partitions()));
  EXPECT_FALSE(HasRoom(2.2e9, Partitions()));
  EXPECT_TRUE(HasRoom(1e11, Partitions(Partitions::kMost)));
  EXPECT_FALSE(HasRoom(1.4e11, Partitions(Partitions::kMost)));
}

// Partitions have not all as many rows as their mean.
TEST(TableRoom, TheFullestPartitionCounts) {
  EXPECT_FALSE(HasRoom(64.0 * RowIndex::kMaxRows, Partitions()));
}

TEST(TableRoom, TheMessageNamesTheSettingThatMakesRoom) {
  const TableSpec table{.name = "wide_deep16", .wide = true, .dim = 16};
  CheckRoom(table, 2e9, Partitions());
  testing::ExpectError(
      ExitCode::kUsage,
      {"table wide_deep16 will have about 1e+10 rows",
       "server.partitions = 64 has room for 2.15e+09", "set server.partitions = 512"},
      [&] { CheckRoom(table, 1e10, Partitions()); });
  testing::ExpectError(ExitCode::kUsage,
                       {"server.partitions = 4096 has the most room", "min_count, hash_buckets"},
                       [&] { CheckRoom(table, 1e12, Partitions(1024)); });
}

}  // namespace
}  // namespace fathom
