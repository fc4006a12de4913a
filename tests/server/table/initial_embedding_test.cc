#include "server/table/initial_embedding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/server/table/sparse_table_fixture.h"

namespace fathom {
namespace {

using testing::kWideDeep16;
using testing::RandomKeys;

class InitialEmbeddingTest : public testing::SparseTableFixture {};

TEST_F(InitialEmbeddingTest, InitialValueIsAPureFunctionOfSeedTableAndKey) {
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
  TableSpec renamed = kWideDeep16;
  renamed.name = "other";
  EXPECT_NE(Embeddings(Make(renamed), keys), pulled);
  std::vector<Key> next = keys;
  for (Key& key : next) ++key;
  EXPECT_NE(Embeddings(Make(), next), pulled);
}

TEST_F(InitialEmbeddingTest, InitialValuesHaveTheStandardDeviationThatIsAskedFor) {
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
TEST_F(InitialEmbeddingTest, InitialValuesAreWhatTheyHaveAlwaysBeen) {
  float embedding[3];
  InitialEmbedding(1, "wide_deep3", 0.05).Fill(0x0123456789ABCDEF, embedding);
  EXPECT_EQ(embedding[0], -0x1.20aad4p-7F);
  EXPECT_EQ(embedding[1], 0x1.1c9f0cp-4F);
  EXPECT_EQ(embedding[2], -0x1.2742e4p-4F);
}

// What a pull of an unknown key gives is what its row begins with.
TEST_F(InitialEmbeddingTest, InitialValuesAreRoundedAlikeBeforeAndAfter) {
  TableSpec spec = kWideDeep16;
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
