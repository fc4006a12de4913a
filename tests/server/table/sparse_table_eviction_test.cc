// Which rows leave a table, and that the others stay as they were.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <vector>

#include "common/model/row_state.h"
#include "tests/server/table/sparse_table_fixture.h"

namespace fathom {
namespace {

using testing::kWideDeep16;
using testing::RandomKeys;
using testing::WithLastStep;

class SparseTableEvictionTest : public testing::SparseTableFixture {};

// What was trained least goes by v, not by m.
TEST_F(SparseTableEvictionTest, EvictionUnderAdamGoesByTheSquaredGradients) {
  config_.wide.optimizer = config_.deep.optimizer = UpdateRuleKind::kAdam;
  SparseTable table = Make({.name = "t",
                            .wide = true,
                            .dim = 2,
                            .row_wise = false,
                            .wide_rule = UpdateRuleKind::kAdam,
                            .deep_rule = UpdateRuleKind::kAdam});
  const std::vector<Key> keys = {1, 2, 3};
  std::vector<float*> rows(3);
  table.FindOrCreate(keys, 0, rows.data());
  table.Update(0, rows[0], -9, std::vector<float>{0, 0});
  table.Update(0, rows[1], 5, std::vector<float>{1, 5});
  table.Update(0, rows[2], 1, std::vector<float>{0, -12});
  for (std::uint64_t keep = 2; keep > 0; --keep) {
    table.Evict(0, keep, AtLimit::kEvictLeastTrained);
    std::vector<float*> found(3);
    table.Find(keys, found.data());
    EXPECT_EQ(found[0] != nullptr, keep > 1);
    EXPECT_EQ(found[1] != nullptr, false);
    EXPECT_NE(found[2], nullptr);
  }
}

// Against a sort of all rows.
TEST_F(SparseTableEvictionTest, EvictingKeepsTheBestRowsAsTheyWere) {
  for (const AtLimit score : {AtLimit::kEvictLeastTrained, AtLimit::kEvictSmallest}) {
    SparseTable table = Make();
    const std::vector<Key> keys = RandomKeys(20000, 7);
    std::vector<float*> rows(keys.size());
    table.FindOrCreate(keys, 0, rows.data());
    std::mt19937_64 random(3);
    struct Expected {
      double score;
      Key key;
      std::vector<float> state;
    };
    std::vector<Expected> expected;
    constexpr int kPartition = 5;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const float wide = static_cast<float>(random() % 5) - 2;  // many ties
      std::vector<float> deep(16, static_cast<float>(random() % 3));
      table.Update(0, rows[i], wide, deep);
      if (Partitions().Of(keys[i]) != kPartition) continue;
      const std::vector<float> state(rows[i], rows[i] + kWideDeep16.state_floats());
      float weight = 0;
      table.GatherWeights(std::span(&rows[i], 1), std::span(&weight, 1));
      float smallest = std::abs(weight);
      for (int d = 0; d < 16; ++d) smallest += state[2 + d] * state[2 + d];
      const float trained = state[1] + state[18];
      expected.push_back({score == AtLimit::kEvictSmallest ? smallest : trained, keys[i], state});
    }
    const std::uint64_t keep = expected.size() / 3;
    std::sort(expected.begin(), expected.end(), [](const Expected& a, const Expected& b) {
      return a.score != b.score ? a.score > b.score : a.key > b.key;
    });
    table.Evict(kPartition, keep, score);
    ASSERT_EQ(table.RowsOf(kPartition), keep);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      float* row = nullptr;
      table.Find(std::span(&expected[i].key, 1), &row);
      ASSERT_EQ(row != nullptr, i < keep) << i;
      if (row != nullptr) {
        ASSERT_TRUE(std::equal(expected[i].state.begin(), expected[i].state.end(), row));
      }
    }
    // Evicted keys begin anew where they come again.
    const std::vector<Key> again = {expected.back().key};
    float* row = nullptr;
    table.FindOrCreate(again, 0, &row);
    std::vector<float> initial(16), fresh(16);
    float* const none = nullptr;
    table.GatherEmbeddings(SparseTable::Pull::kToTrain, again, std::span(&none, 1), initial);
    table.GatherEmbeddings(SparseTable::Pull::kToTrain, again, std::span(&row, 1), fresh);
    EXPECT_EQ(initial, fresh);
    EXPECT_EQ(row[0], 0);
    EXPECT_EQ(table.Statistics().evicted_rows, expected.size() - keep);
  }
}

// Of rows of the same step those with the lowest keys.
TEST_F(SparseTableEvictionTest, EvictOldestForgetsTheRowsThatWereNamedLongestAgo) {
  SparseTable table = Make(WithLastStep(kWideDeep16));
  const std::vector<Key> keys = RandomKeys(20000, 11);
  std::vector<float*> rows(keys.size());
  table.FindOrCreate(keys, 0, rows.data());
  std::mt19937_64 random(12);
  std::vector<std::pair<std::uint64_t, Key>> expected;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::uint64_t step = 20000000 + random() % 10;  // no float tells them apart
    table.Update(step, rows[i], 1, std::vector<float>(16));
    if (Partitions().Of(keys[i]) == 5) expected.emplace_back(step, keys[i]);
  }
  std::sort(expected.begin(), expected.end());
  const std::size_t leaving = expected.size() / 3;
  table.Evict(5, expected.size() - leaving, AtLimit::kEvictOldest);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    float* row = nullptr;
    table.Find(std::span(&expected[i].second, 1), &row);
    ASSERT_EQ(row != nullptr, i >= leaving) << i;
  }
}

TEST_F(SparseTableEvictionTest, EvictUnusedForgetsWhatIsOldEnoughAndOnlyThat) {
  SparseTable table = Make(WithLastStep(kWideDeep16));
  const std::vector<Key> keys = RandomKeys(20000, 13);
  std::vector<float*> rows(keys.size());
  table.FindOrCreate(keys, 0, rows.data());
  std::map<Key, std::uint64_t> steps;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    steps[keys[i]] = i % 50;
    table.Update(i % 50, rows[i], 1, std::vector<float>(16));
  }
  EXPECT_FALSE(table.EvictUnused(5, 40, 41));  // there are none so old, and some younger than 40
  EXPECT_TRUE(table.EvictUnused(5, 40, 30));
  std::uint64_t evicted = 0;
  for (const Key key : keys) {
    const bool old = Partitions().Of(key) == 5 && steps[key] <= 10;
    evicted += old ? 1 : 0;
    float* row = nullptr;
    table.Find(std::span(&key, 1), &row);
    ASSERT_EQ(row == nullptr, old);
    if (row != nullptr) {
      ASSERT_EQ(LastStepOf(table.spec(), row), steps[key]);
    }
  }
  EXPECT_EQ(table.Statistics().evicted_rows, evicted);
  EXPECT_FALSE(table.EvictUnused(5, 40, 30));
}

}  // namespace
}  // namespace fathom
