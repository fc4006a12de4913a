// Tables of rows of their own arena, and keys for them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "server/table/sparse_table.h"

namespace fathom::testing {

inline const TableSpec kWideDeep16{
    .name = "wide_deep16", .wide = true, .dim = 16, .row_wise = true};

// Ascending, and none twice.
inline std::vector<Key> RandomKeys(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Key> keys(count);
  for (Key& key : keys) key = random();
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

class SparseTableFixture : public ::testing::Test {
 protected:
  SparseTable Make(const TableSpec& spec = kWideDeep16) {
    return SparseTable(spec, config_, 0, Partitions::kFewest, &arena_);
  }

  std::vector<float> Embeddings(const SparseTable& table, const std::vector<Key>& keys) {
    std::vector<float*> rows(keys.size());
    table.Find(keys, rows.data());
    std::vector<float> embeddings(keys.size() * static_cast<std::size_t>(table.spec().dim));
    table.GatherEmbeddings(SparseTable::Pull::kToTrain, keys, rows, embeddings);
    return embeddings;
  }

  Config config_;
  SlabArena arena_;
};

// With the step of the last update in each row.
inline TableSpec WithLastStep(TableSpec spec) {
  spec.last_step = true;
  return spec;
}

}  // namespace fathom::testing
