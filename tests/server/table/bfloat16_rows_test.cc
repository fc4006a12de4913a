// Rows whose embeddings are kept in bfloat16 and rounded at random.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/server/table/sparse_table_fixture.h"
#include "tests/support/optimizer_settings.h"

namespace fathom {
namespace {

using testing::RandomKeys;

class Bfloat16RowsTest : public testing::SparseTableFixture {};

// A thousand steps, each far smaller than what a bfloat16 near 1 can tell apart: rounded to the
// nearest they would all be lost; at random they add up, to the same for the same seed.
TEST_F(Bfloat16RowsTest, StepsTooSmallForBfloat16AddUp) {
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
TEST_F(Bfloat16RowsTest, ElementsAreRoundedAtRandomEachByItself) {
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

}  // namespace
}  // namespace fathom
