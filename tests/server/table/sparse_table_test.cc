#include "server/table/sparse_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "common/model/row_state.h"
#include "server/table/initial_embedding.h"
#include "tests/support/optimizer_settings.h"

namespace fathom {
namespace {

const TableSpec kSpec{.name = "wide_deep16", .wide = true, .dim = 16, .row_wise = true};

std::vector<Key> RandomKeys(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Key> keys(count);
  for (Key& key : keys) key = random();
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

class SparseTableTest : public ::testing::Test {
 protected:
  SparseTable Make(const TableSpec& spec = kSpec) {
    return SparseTable(spec, config_, 0, kPartitions, &arena_);
  }

  std::vector<float> Embeddings(const SparseTable& table, const std::vector<Key>& keys) {
    std::vector<float*> rows(keys.size());
    table.Find(keys, rows.data());
    std::vector<float> embeddings(keys.size() * static_cast<std::size_t>(table.spec().dim));
    table.GatherEmbeddings(keys, rows, embeddings);
    return embeddings;
  }

  Config config_;
  SlabArena arena_;
};

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
  for (int p = 0; p < kPartitions; ++p) {
    const auto rows = table.SortedRows(p);
    EXPECT_EQ(rows.size(), table.RowsOf(p));
    for (const float* row : rows) sorted.push_back(RowStore::KeyOf(row));
  }
  EXPECT_TRUE(std::equal(sorted.begin(), sorted.end(), reference.begin(), reference.end(),
                         [](Key key, const auto& entry) { return key == entry.first; }));
}

// To sort a partition may take longer than a deadline.
TEST_F(SparseTableTest, SortingSaysMeanwhileThatItIsAtWork) {
  SparseTable table = Make();
  std::vector<Key> keys = RandomKeys(3 * kRowsBetweenSigns, 3);
  for (Key& key : keys) key >>= kPartitionBits;
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::vector<float*> rows(keys.size());
  table.FindOrCreate(keys, 0, rows.data());
  int signs = 0;
  const auto sorted = table.SortedRows(0, SparseTable::Which::kAll, [&] { ++signs; });
  EXPECT_EQ(sorted.size(), keys.size());
  EXPECT_GE(signs, 9) << "gathered, their keys read, sorted";
}

TEST_F(SparseTableTest, InitialValueIsAPureFunctionOfSeedTableAndKey) {
  const std::vector<Key> keys = RandomKeys(500, 1);
  SparseTable table = Make();
  const std::vector<float> pulled = Embeddings(table, keys);
  // In another order, among other keys, after others were created.
  SparseTable other = Make();
  std::vector<Key> more = RandomKeys(5000, 2);
  std::vector<float*> rows(more.size());
  other.FindOrCreate(more, 0, rows.data());
  EXPECT_EQ(Embeddings(other, keys), pulled);
  // Creation gives what the pull gave.
  std::vector<float*> created(keys.size());
  other.FindOrCreate(keys, 0, created.data());
  EXPECT_EQ(Embeddings(other, keys), pulled);

  config_.seed = 2;
  EXPECT_NE(Embeddings(Make(), keys), pulled);
  config_.seed = 1;
  TableSpec renamed = kSpec;
  renamed.name = "other";
  EXPECT_NE(Embeddings(Make(renamed), keys), pulled);
  std::vector<Key> next = keys;
  for (Key& key : next) ++key;
  EXPECT_NE(Embeddings(Make(), next), pulled);
}

TEST_F(SparseTableTest, InitialValuesHaveTheStandardDeviationThatIsAskedFor) {
  config_.model.init_stddev = 0.5;
  const std::vector<float> values = Embeddings(Make(), RandomKeys(20000, 3));
  double sum = 0;
  double squares = 0;
  float largest = 0;
  for (const float value : values) {
    sum += value;
    squares += static_cast<double>(value) * value;
    largest = std::max(largest, std::abs(value));
  }
  const double count = static_cast<double>(values.size());
  EXPECT_NEAR(sum / count, 0, 0.005);
  EXPECT_NEAR(std::sqrt(squares / count), 0.5, 0.005);
  EXPECT_LE(largest, std::sqrt(3.0) * 0.5);
}

// What unknown keys are scored with may never change: models lean on it.
TEST_F(SparseTableTest, InitialValuesAreWhatTheyHaveAlwaysBeen) {
  float embedding[3];
  InitialEmbedding(1, "wide_deep3", 0.05).Fill(0x0123456789ABCDEF, embedding);
  EXPECT_EQ(embedding[0], -0x1.20aad4p-7F);
  EXPECT_EQ(embedding[1], 0x1.1c9f0cp-4F);
  EXPECT_EQ(embedding[2], -0x1.2742e4p-4F);
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
    TableSpec spec = kSpec;
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

// One step of both rules on one row, in each of the four shapes.
TEST_F(SparseTableTest, UpdateTouchesThePartsOfItsShape) {
  testing::Give(&config_.wide, {{"alpha", 0.5}});
  config_.wide.l2 = 2;
  testing::Give(&config_.deep, {{"learning_rate", 0.5}, {"initial_accumulator", 7}});
  for (const bool wide : {true, false}) {
    for (const bool row_wise : {true, false}) {
      const TableSpec spec{.name = "t", .wide = wide, .dim = 2, .row_wise = row_wise};
      SparseTable table = Make(spec);
      const std::vector<float> initial = Embeddings(table, {9});
      float* row = nullptr;
      table.FindOrCreate(std::vector<Key>{9}, 0, &row);
      table.Update(0, row, 3, std::vector<float>{3, 3});
      float weight = 0;
      if (wide) {
        table.GatherWeights(std::vector<float*>{row}, {&weight, 1});
        EXPECT_FLOAT_EQ(weight, -0.3F);  // -3 / ((1 + 3) / 0.5 + 2)
      }
      const float* const embedding = row + (wide ? 2 : 0);
      EXPECT_FLOAT_EQ(embedding[0], initial[0] - 0.5F * 3 / 4);
      EXPECT_FLOAT_EQ(embedding[1], initial[1] - 0.5F * 3 / 4);
      for (int i = 0; i < spec.deep_state_floats(); ++i) EXPECT_FLOAT_EQ(embedding[2 + i], 16);
    }
  }
}

// One step of Adam in both parts, with the numbers of its state where a row has them: the first
// step changes a weight by the rate, m is a tenth and v a thousandth of the gradient and its
// square.
TEST_F(SparseTableTest, AdamInBothParts) {
  config_.wide.optimizer = config_.deep.optimizer = UpdateRuleKind::kAdam;
  testing::Give(&config_.wide, {{"learning_rate", 0.5}});
  testing::Give(&config_.deep, {{"learning_rate", 0.25}});
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16}) {
    const TableSpec spec{.name = "t",
                         .wide = true,
                         .dim = 3,
                         .row_wise = false,
                         .precision = precision,
                         .wide_rule = UpdateRuleKind::kAdam,
                         .deep_rule = UpdateRuleKind::kAdam};
    const int embedding_floats = precision == Precision::kFloat32 ? 3 : 2;
    ASSERT_EQ(spec.state_floats(), 3 + embedding_floats + 6);
    SparseTable table = Make(spec);
    const std::vector<float> initial = Embeddings(table, {9});
    float* row = nullptr;
    table.FindOrCreate(std::vector<Key>{9}, 0, &row);
    for (int i = 3 + embedding_floats; i < spec.state_floats(); ++i) EXPECT_EQ(row[i], 0);
    EXPECT_EQ(table.Statistics().zero_wide_weights, 1U);
    const std::vector<float> gradient = {2, -4, 8};
    table.Update(0, row, -3, gradient);
    EXPECT_EQ(table.Statistics().zero_wide_weights, 0U);
    float weight = 0;
    table.GatherWeights(std::vector<float*>{row}, {&weight, 1});
    EXPECT_NEAR(weight, 0.5, 1e-6);
    EXPECT_NEAR(row[1], -0.3, 1e-6);
    EXPECT_NEAR(row[2], 0.009, 1e-8);
    const std::vector<float> embedding = Embeddings(table, {9});
    const float* const m = row + 3 + embedding_floats;
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(embedding[i], initial[i] + (gradient[i] < 0 ? 0.25 : -0.25), 2e-3);
      EXPECT_NEAR(m[i], 0.1 * gradient[i], 1e-6);
      EXPECT_NEAR(m[3 + i], 0.001 * gradient[i] * gradient[i], 1e-7);
    }
  }
}

// What was trained least goes by v, not by m.
TEST_F(SparseTableTest, EvictionUnderAdamGoesByTheSquaredGradients) {
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

TEST_F(SparseTableTest, WideOnlyTable) {
  const TableSpec spec{.name = "wide", .wide = true, .dim = 0, .row_wise = true};
  SparseTable table = Make(spec);
  const std::vector<Key> keys = RandomKeys(100, 6);
  std::vector<float*> rows(keys.size());
  table.FindOrCreate(keys, 0, rows.data());
  for (float* row : rows) table.Update(0, row, 1, {});
  std::vector<float> weights(keys.size());
  table.GatherWeights(rows, weights);
  for (const float weight : weights) EXPECT_FLOAT_EQ(weight, -0.05F);  // -1 / ((1 + 1) / 0.1)
}

TEST_F(SparseTableTest, StatisticsCountExactZeros) {
  config_.wide.Set("l1", 2);
  SparseTable table = Make();
  const std::vector<Key> keys = RandomKeys(10, 7);
  std::vector<float*> rows(keys.size());
  table.FindOrCreate(keys, 0, rows.data());
  const std::vector<float> gradient(16);
  for (std::size_t i = 0; i < rows.size(); ++i) table.Update(0, rows[i], i < 3 ? 5 : 1, gradient);
  const TableStatistics statistics = table.Statistics();
  EXPECT_EQ(statistics.rows, keys.size());
  EXPECT_EQ(statistics.zero_wide_weights, keys.size() - 3);
  EXPECT_EQ(statistics.row_bytes, keys.size() * 84);
}

// The count is kept with each change; against a look at all weights.
TEST_F(SparseTableTest, ExactZerosStayCountedWhateverHappensToTheRows) {
  config_.wide.Set("l1", 2);
  SparseTable table = Make();
  const std::vector<Key> keys = RandomKeys(2000, 7);
  const auto zeros = [&] {
    std::vector<float*> found(keys.size());
    table.Find(keys, found.data());
    std::erase(found, nullptr);
    std::vector<float> weights(found.size());
    table.GatherWeights(found, weights);
    return static_cast<std::uint64_t>(std::count(weights.begin(), weights.end(), 0.0F));
  };
  std::vector<float*> rows(1000);
  table.FindOrCreate(std::span(keys).first(rows.size()), 0, rows.data());
  std::mt19937_64 random(3);
  const std::vector<float> gradient(16, 0.25F);
  for (int i = 0; i < 3000; ++i)  // weights leave zero and come back to it
    table.Update(0, rows[random() % rows.size()], random() % 2 == 0 ? 3 : -3, gradient);
  EXPECT_EQ(table.Statistics().zero_wide_weights, zeros());
  std::vector<float> state(static_cast<std::size_t>(kSpec.state_floats()));
  for (std::size_t i = 1000; i < keys.size(); ++i) {
    state[0] = i % 3 == 0 ? 4 : 1;
    if (i % 2 == 0) {
      table.Restore(keys[i], state);
    } else {
      table.RestoreValues(keys[i], i % 3 == 0 ? 0.5F : 0, gradient, {});
    }
  }
  EXPECT_EQ(table.Statistics().zero_wide_weights, zeros());
  for (int p = 0; p < kPartitions; ++p) table.Evict(p, 10, AtLimit::kEvictLeastTrained);
  EXPECT_GT(zeros(), 0U);
  EXPECT_LT(zeros(), table.Statistics().rows);
  EXPECT_EQ(table.Statistics().zero_wide_weights, zeros());
}

TEST_F(SparseTableTest, RestoredRowIsTheRow) {
  SparseTable table = Make();
  std::vector<float> state(static_cast<std::size_t>(kSpec.state_floats()));
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
  SparseTable table(kSpec, config_, FirstPartition(1, 3), FirstPartition(2, 3), &arena_);
  std::vector<Key> keys;
  for (const Key key : RandomKeys(3000, 8)) {
    if (PartitionOf(key) >= FirstPartition(1, 3) && PartitionOf(key) < FirstPartition(2, 3))
      keys.push_back(key);
  }
  std::vector<float*> rows(keys.size());
  table.FindOrCreate(keys, 0, rows.data());
  std::uint64_t counted = 0;
  for (int p = FirstPartition(1, 3); p < FirstPartition(2, 3); ++p) counted += table.RowsOf(p);
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

// Against a sort of all rows.
TEST_F(SparseTableTest, EvictingKeepsTheBestRowsAsTheyWere) {
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
      if (PartitionOf(keys[i]) != kPartition) continue;
      const std::vector<float> state(rows[i], rows[i] + kSpec.state_floats());
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
    table.GatherEmbeddings(again, std::span(&none, 1), initial);
    table.GatherEmbeddings(again, std::span(&row, 1), fresh);
    EXPECT_EQ(initial, fresh);
    EXPECT_EQ(row[0], 0);
    EXPECT_EQ(table.Statistics().evicted_rows, expected.size() - keep);
  }
}

TableSpec WithLastStep(TableSpec spec) {
  spec.last_step = true;
  return spec;
}

TEST_F(SparseTableTest, ARowKeepsTheStepOfItsLastUpdateAndIsElseTheSame) {
  SparseTable plain = Make(), dated = Make(WithLastStep(kSpec));
  const std::vector<float> gradient(16, 0.5F);
  std::vector<float*> rows(2);
  for (const std::uint64_t step : {3, 70000}) {
    plain.FindOrCreate(std::vector<Key>{42}, step, &rows[0]);
    dated.FindOrCreate(std::vector<Key>{42}, step, &rows[1]);
    plain.Update(step, rows[0], 2, gradient);
    dated.Update(step, rows[1], 2, gradient);
    EXPECT_EQ(LastStepOf(dated.spec(), rows[1]), step);
    EXPECT_TRUE(std::equal(rows[0], rows[0] + kSpec.state_floats(), rows[1]));
  }
  EXPECT_EQ(dated.Statistics().row_bytes, 88U);
}

// Of rows of the same step those with the lowest keys.
TEST_F(SparseTableTest, EvictOldestForgetsTheRowsThatWereNamedLongestAgo) {
  SparseTable table = Make(WithLastStep(kSpec));
  const std::vector<Key> keys = RandomKeys(20000, 11);
  std::vector<float*> rows(keys.size());
  table.FindOrCreate(keys, 0, rows.data());
  std::mt19937_64 random(12);
  std::vector<std::pair<std::uint64_t, Key>> expected;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::uint64_t step = 20000000 + random() % 10;  // no float tells them apart
    table.Update(step, rows[i], 1, std::vector<float>(16));
    if (PartitionOf(keys[i]) == 5) expected.emplace_back(step, keys[i]);
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

TEST_F(SparseTableTest, EvictUnusedForgetsWhatIsOldEnoughAndOnlyThat) {
  SparseTable table = Make(WithLastStep(kSpec));
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
    const bool old = PartitionOf(key) == 5 && steps[key] <= 10;
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

TEST_F(SparseTableTest, AClosedPartitionGetsNoNewRows) {
  SparseTable table = Make();
  const std::vector<Key> keys = RandomKeys(1000, 9);
  std::vector<float*> rows(keys.size());
  table.Close(3, true);
  table.FindOrCreate(keys, 0, rows.data());
  for (std::size_t i = 0; i < keys.size(); ++i)
    EXPECT_EQ(rows[i] == nullptr, PartitionOf(keys[i]) == 3);
  table.Close(3, false);
  table.FindOrCreate(keys, 0, rows.data());
  EXPECT_EQ(std::count(rows.begin(), rows.end(), nullptr), 0);
}

// A thousand steps, each far smaller than what a bfloat16 near 1 can tell apart: rounded to the
// nearest they would all be lost; at random they add up, to the same for the same seed.
TEST_F(SparseTableTest, StepsTooSmallForBfloat16AddUp) {
  testing::Give(&config_.deep, {{"learning_rate", 0.001}, {"initial_accumulator", 1}});
  for (const int dim : {1, 5, 16}) {
    TableSpec spec{.name = "t", .wide = true, .dim = dim, .precision = Precision::kBfloat16};
    SparseTable table = Make(spec);
    SparseTable again = Make(spec);
    spec.precision = Precision::kFloat32;
    SparseTable exact = Make(spec);
    const std::vector<Key> keys = RandomKeys(50, 11);
    std::vector<float*> rows(keys.size()), again_rows(keys.size()), exact_rows(keys.size());
    table.FindOrCreate(keys, 0, rows.data());
    again.FindOrCreate(keys, 0, again_rows.data());
    exact.FindOrCreate(keys, 0, exact_rows.data());
    const std::vector<float> gradient(static_cast<std::size_t>(dim), 0.01F);
    for (std::uint64_t step = 0; step < 1000; ++step) {
      for (std::size_t i = 0; i < keys.size(); ++i) {
        table.Update(step, rows[i], 0.5F, gradient);
        again.Update(step, again_rows[i], 0.5F, gradient);
        exact.Update(step, exact_rows[i], 0.5F, gradient);
      }
    }
    const auto rounded = Embeddings(table, keys), full = Embeddings(exact, keys);
    EXPECT_EQ(rounded, Embeddings(again, keys));
    double sum = 0, expected = 0;
    for (std::size_t i = 0; i < full.size(); ++i) {
      sum += rounded[i];
      expected += full[i];
      EXPECT_NEAR(rounded[i], full[i], 0.003);
    }
    EXPECT_NEAR(sum / expected, 1, 0.02);
    EXPECT_EQ(rows[0][0], exact_rows[0][0]);  // FTRL's sums stay float32
  }
}

// Elements that are alike, and have gradients alike, do not go up and down together: each has
// random bits of its own.
TEST_F(SparseTableTest, ElementsAreRoundedAtRandomEachByItself) {
  TableSpec spec{.name = "t", .dim = 8, .precision = Precision::kBfloat16};
  SparseTable table = Make(spec);
  const std::vector<Key> keys = RandomKeys(500, 17);
  const std::vector<float> ones(8, 1), gradient(8, 0.01F);
  for (const Key key : keys) table.RestoreValues(key, 0, ones, {});
  std::vector<float*> rows(keys.size());
  table.Find(keys, rows.data());
  for (float* row : rows) table.Update(3, row, 0, gradient);
  const std::vector<float> after = Embeddings(table, keys);
  const double up = static_cast<double>(std::count(after.begin(), after.end(), 1.0F)) /
                    static_cast<double>(after.size());
  ASSERT_GT(up, 0.1);
  ASSERT_LT(up, 0.9);
  for (std::size_t a = 0; a < 8; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      double alike = 0;
      for (std::size_t k = 0; k < keys.size(); ++k)
        alike += after[8 * k + a] == after[8 * k + b] ? 1.0 / 500 : 0;
      EXPECT_NEAR(alike, up * up + (1 - up) * (1 - up), 0.12) << a << " and " << b;
    }
  }
}

// What a pull of an unknown key gives is what its row begins with.
TEST_F(SparseTableTest, InitialValuesAreRoundedAlikeBeforeAndAfter) {
  TableSpec spec = kSpec;
  spec.precision = Precision::kBfloat16;
  EXPECT_EQ(spec.row_bytes(), 8 + 8 + 32 + 4);
  SparseTable table = Make(spec);
  const std::vector<Key> keys = RandomKeys(100, 13);
  const auto before = Embeddings(table, keys);
  std::vector<float*> rows(keys.size());
  table.FindOrCreate(keys, 0, rows.data());
  EXPECT_EQ(Embeddings(table, keys), before);
}

}  // namespace
}  // namespace fathom
