#include "server/table/sparse_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "tests/server/table/sparse_table_fixture.h"
#include "tests/support/optimizer_settings.h"

namespace fathom {
namespace {

using testing::kWideDeep16;
using testing::RandomKeys;

class SparseTableTest : public testing::SparseTableFixture {};

// To sort a partition may take longer than a deadline.
TEST_F(SparseTableTest, SortingSaysMeanwhileThatItIsAtWork) {
  SparseTable table = Make();
  std::vector<Key> keys = RandomKeys(3 * kRowsBetweenSigns, 3);
  for (Key& key : keys) key >>= Partitions().bits();
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::vector<float*> rows(keys.size());
  table.FindOrCreate(keys, 0, rows.data());
  int signs = 0;
  const auto sorted = table.SortedRows(0, SparseTable::Which::kAll, [&] { ++signs; });
  EXPECT_EQ(sorted.size(), keys.size());
  EXPECT_GE(signs, 9) << "gathered, their keys read, sorted";
}

// 10^5 random keys in batches, with lookups of known and unknown ones between, against std::map.
TEST_F(SparseTableTest, AgreesWithAMapWhileItGrows) {
  SparseTable table = Make();
  std::map<Key, float*> reference;
  std::mt19937_64 random(5);
  while (reference.size() < 100000) {
    std::vector<Key> keys = RandomKeys(3000, random());
    for (const auto& [key, row] : reference) {  // some that are there already
      if (random() % 64 == 0) keys.push_back(key);
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    std::vector<float*> before(keys.size());
    table.Find(keys, before.data());
    std::vector<float*> rows(keys.size());
    table.FindOrCreate(keys, 0, rows.data());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto known = reference.find(keys[i]);
      ASSERT_EQ(before[i], known == reference.end() ? nullptr : known->second);
      ASSERT_NE(rows[i], nullptr);
      ASSERT_EQ(RowStore::KeyOf(rows[i]), keys[i]);
      if (known == reference.end()) {
        reference[keys[i]] = rows[i];
        rows[i][0] = static_cast<float>(keys[i] >> 44);
      } else {
        ASSERT_EQ(rows[i], known->second);
        ASSERT_EQ(rows[i][0], static_cast<float>(keys[i] >> 44));
      }
    }
  }
  EXPECT_EQ(table.Statistics().rows, reference.size());
  std::vector<Key> sorted;
  for (int p = 0; p < Partitions::kFewest; ++p) {
    const auto rows = table.SortedRows(p);
    EXPECT_EQ(rows.size(), table.RowsOf(p));
    for (const float* row : rows) sorted.push_back(RowStore::KeyOf(row));
  }
  EXPECT_TRUE(std::equal(sorted.begin(), sorted.end(), reference.begin(), reference.end(),
                         [](Key key, const auto& entry) { return key == entry.first; }));
}

TEST_F(SparseTableTest, LookupsInsertNothing) {
  SparseTable table = Make();
  const std::vector<Key> keys = RandomKeys(1000, 4);
  Embeddings(table, keys);
  std::vector<float*> rows(keys.size());
  table.Find(keys, rows.data());
  EXPECT_TRUE(
      std::all_of(rows.begin(), rows.end(), [](const float* row) { return row == nullptr; }));
  std::vector<float> weights(keys.size(), 1);
  table.GatherWeights(rows, weights);
  EXPECT_EQ(weights, std::vector<float>(keys.size(), 0));
  EXPECT_EQ(table.Statistics().rows, 0U);
  EXPECT_EQ(table.Statistics().allocated_bytes, 0U);
}

TEST_F(SparseTableTest, NewRowHasItsInitialState) {
  config_.deep.Set("initial_accumulator", 0.125);
  for (const bool row_wise : {true, false}) {
    TableSpec spec = kWideDeep16;
    spec.row_wise = row_wise;
    SparseTable table = Make(spec);
    const std::vector<Key> keys = {42};
    const std::vector<float> initial = Embeddings(table, keys);
    float* row = nullptr;
    table.FindOrCreate(keys, 0, &row);
    EXPECT_EQ(row[0], 0);
    EXPECT_EQ(row[1], 0);
    for (int i = 0; i < 16; ++i) EXPECT_EQ(row[2 + i], initial[static_cast<std::size_t>(i)]);
    for (int i = 0; i < spec.deep_state_floats(); ++i) EXPECT_EQ(row[18 + i], 0.125F);
  }
}

TEST_F(SparseTableTest, RestoredRowIsTheRow) {
  SparseTable table = Make();
  std::vector<float> state(static_cast<std::size_t>(kWideDeep16.state_floats()));
  for (std::size_t i = 0; i < state.size(); ++i) state[i] = static_cast<float>(i) + 0.5F;
  table.Restore(77, state);
  float* row = nullptr;
  table.Find(std::vector<Key>{77}, &row);
  ASSERT_NE(row, nullptr);
  EXPECT_TRUE(std::equal(state.begin(), state.end(), row));
}

// As if it had been trained to that weight in one step; the accumulators are new.
TEST_F(SparseTableTest, RestoredValuesAreThoseOfTheRow) {
  testing::Give(&config_.wide, {{"alpha", 0.5}, {"beta", 1}, {"l1", 0.25}});
  config_.wide.l2 = 2;
  testing::Give(&config_.deep, {{"initial_accumulator", 0.125}});
  SparseTable table = Make();
  std::vector<float> embedding(16);
  for (std::size_t i = 0; i < embedding.size(); ++i) embedding[i] = static_cast<float>(i) - 3;
  const std::vector<Key> keys = {77, 78, 79};
  const std::vector<float> weights = {0.75F, -0.5F, 0};
  for (std::size_t k = 0; k < keys.size(); ++k)
    table.RestoreValues(keys[k], weights[k], embedding, {});
  std::vector<float*> rows(keys.size());
  table.Find(keys, rows.data());
  std::vector<float> read(keys.size());
  table.GatherWeights(rows, read);
  for (std::size_t k = 0; k < keys.size(); ++k) {
    EXPECT_FLOAT_EQ(read[k], weights[k]);
    EXPECT_TRUE(std::equal(embedding.begin(), embedding.end(), rows[k] + 2));
    EXPECT_EQ(rows[k][1], 0) << "n";
    EXPECT_EQ(rows[k][18], 0.125F);
  }
}

// Only keys of the server's own partitions: the first partition is not number 0.
TEST_F(SparseTableTest, PartitionsOfASecondServer) {
  SparseTable table(kWideDeep16, config_, Partitions().First(1, 3), Partitions().First(2, 3),
                    &arena_);
  std::vector<Key> keys;
  for (const Key key : RandomKeys(3000, 8)) {
    if (Partitions().Of(key) >= Partitions().First(1, 3) &&
        Partitions().Of(key) < Partitions().First(2, 3))
      keys.push_back(key);
  }
  std::vector<float*> rows(keys.size());
  table.FindOrCreate(keys, 0, rows.data());
  std::uint64_t counted = 0;
  for (int p = Partitions().First(1, 3); p < Partitions().First(2, 3); ++p)
    counted += table.RowsOf(p);
  EXPECT_EQ(counted, keys.size());
}

// The published bound: 96 bytes a row all in at dimension 16, while it grows too.
TEST_F(SparseTableTest, RowTakesNoMoreThan96BytesAllIn) {
  SparseTable table = Make();
  std::mt19937_64 random(9);
  std::vector<float*> rows;
  for (int batch = 0; batch < 80; ++batch) {
    const std::vector<Key> keys = RandomKeys(10000, random());
    rows.resize(keys.size());
    table.FindOrCreate(keys, 0, rows.data());
    const TableStatistics statistics = table.Statistics();
    if (statistics.rows < 300000) continue;  // partly filled slabs weigh on small tables
    ASSERT_LE(static_cast<double>(statistics.allocated_bytes),
              96.0 * static_cast<double>(statistics.rows))
        << statistics.rows;
  }
}

TEST_F(SparseTableTest, AClosedPartitionGetsNoNewRows) {
  SparseTable table = Make();
  const std::vector<Key> keys = RandomKeys(1000, 9);
  std::vector<float*> rows(keys.size());
  table.Close(3, true);
  table.FindOrCreate(keys, 0, rows.data());
  for (std::size_t i = 0; i < keys.size(); ++i)
    EXPECT_EQ(rows[i] == nullptr, Partitions().Of(keys[i]) == 3);
  table.Close(3, false);
  table.FindOrCreate(keys, 0, rows.data());
  EXPECT_EQ(std::count(rows.begin(), rows.end(), nullptr), 0);
}

}  // namespace
}  // namespace fathom
