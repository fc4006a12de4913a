#include "server/table/row_budget.h"

#include <gtest/gtest.h>

#include "common/key.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using Rows = std::vector<std::uint64_t>;

const std::vector<TableSpec> kBudgetTables = {{.name = "wide", .wide = true},
                                              {.name = "wide_deep16", .wide = true, .dim = 16}};

Config BudgetConfig(const char* limit, AtLimit at_limit = AtLimit::kRefuse) {
  Config config;
  config.server.memory_limit = limit;
  config.server.at_limit = at_limit;
  return config;
}

// Bytes of a partition's rows with the index's share, and a slab of 256 rows of each table.
double BytesOf(const Rows& rows) {
  return static_cast<double>(rows[0]) * (16 + 6.25) + static_cast<double>(rows[1]) * (84 + 6.25) +
         256 * (16 + 84);
}

TEST(RowBudget, IsOffWithoutALimitAndWithAColdTier) {
  Config config = BudgetConfig("");
  EXPECT_FALSE(RowBudget(config, kBudgetTables).limited());
  EXPECT_FALSE(RowBudget(config, kBudgetTables).Full({1000000000, 1000000000}));
  config = BudgetConfig("64MB");
  config.server.cold_tier = "/somewhere";
  EXPECT_FALSE(RowBudget(config, kBudgetTables).limited());
}

TEST(RowBudget, APartitionIsFullShortlyBeforeItsShareOfTheLimit) {
  const RowBudget budget(BudgetConfig("64MB"), kBudgetTables);
  ASSERT_TRUE(budget.limited());
  const double share = 64e6 / Partitions::kFewest;
  for (const std::uint64_t narrow : {0, 10000, 30000}) {
    std::uint64_t rows = 0;
    while (!budget.Full({narrow, rows})) ++rows;
    EXPECT_LT(BytesOf({narrow, rows}), share) << narrow;
    EXPECT_GT(BytesOf({narrow, rows}), 0.94 * share) << narrow;
  }
}

TEST(RowBudget, WhatStaysIsAnEvenShareOfEachTableWithRoomForMore) {
  const RowBudget budget(BudgetConfig("64MB"), kBudgetTables);
  const Rows full = {20000, 7000};
  ASSERT_TRUE(budget.Full(full));
  const Rows keep = budget.Keep(full);
  EXPECT_NEAR(static_cast<double>(keep[0]) / 20000, static_cast<double>(keep[1]) / 7000, 1e-3);
  EXPECT_FALSE(budget.Full(keep));
  EXPECT_NEAR(BytesOf(keep) / (64e6 / Partitions::kFewest), 0.85, 0.01);
  EXPECT_EQ(budget.Keep({10, 20}), (Rows{10, 20})) << "what fits stays";
}

TEST(RowBudget, NamesOfWhatIsDone) {
  const std::pair<const char*, AtLimit> names[] = {
      {"evict_least_trained", AtLimit::kEvictLeastTrained},
      {"evict_smallest", AtLimit::kEvictSmallest},
      {"evict_oldest", AtLimit::kEvictOldest},
      {"refuse", AtLimit::kRefuse}};
  for (const auto& [name, at_limit] : names) {
    EXPECT_EQ(KindNamed<AtLimit>(name), at_limit) << name;
    EXPECT_EQ(RowBudget(BudgetConfig("64MB", at_limit), kBudgetTables).at_limit(), at_limit)
        << name;
  }
}

TEST(RowBudget, ALimitForNextToNoRowsIsRefused) {
  testing::ExpectError(ExitCode::kUsage, {"server.memory_limit = \"3MB\"", "too little", "3 MB"},
                       [] { RowBudget(BudgetConfig("3MB"), kBudgetTables); });
  RowBudget(BudgetConfig("3.3MB"), kBudgetTables);
}

}  // namespace
}  // namespace fathom
