// What an update changes of a row, and what is counted of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "common/model/row_state.h"
#include "tests/server/table/sparse_table_fixture.h"
#include "tests/support/optimizer_settings.h"

namespace fathom {
namespace {

using testing::kWideDeep16;
using testing::RandomKeys;
using testing::WithLastStep;

class SparseTableUpdateTest : public testing::SparseTableFixture {};

// One step of both rules on one row, in each of the four shapes.
TEST_F(SparseTableUpdateTest, UpdateTouchesThePartsOfItsShape) {
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
TEST_F(SparseTableUpdateTest, AdamInBothParts) {
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

TEST_F(SparseTableUpdateTest, WideOnlyTable) {
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

TEST_F(SparseTableUpdateTest, StatisticsCountExactZeros) {
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
TEST_F(SparseTableUpdateTest, ExactZerosStayCountedWhateverHappensToTheRows) {
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
  std::vector<float> state(static_cast<std::size_t>(kWideDeep16.state_floats()));
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

TEST_F(SparseTableUpdateTest, ARowKeepsTheStepOfItsLastUpdateAndIsElseTheSame) {
  SparseTable plain = Make(), dated = Make(WithLastStep(kWideDeep16));
  const std::vector<float> gradient(16, 0.5F);
  std::vector<float*> rows(2);
  for (const std::uint64_t step : {3, 70000}) {
    plain.FindOrCreate(std::vector<Key>{42}, step, &rows[0]);
    dated.FindOrCreate(std::vector<Key>{42}, step, &rows[1]);
    plain.Update(step, rows[0], 2, gradient);
    dated.Update(step, rows[1], 2, gradient);
    EXPECT_EQ(LastStepOf(dated.spec(), rows[1]), step);
    EXPECT_TRUE(std::equal(rows[0], rows[0] + kWideDeep16.state_floats(), rows[1]));
  }
  EXPECT_EQ(dated.Statistics().row_bytes, 88U);
}

}  // namespace
}  // namespace fathom
