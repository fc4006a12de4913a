// The embedding of a key that no push has named yet: a pure function of (seed, table, key), the
// same on every server and at any time. Element i is uniform with the standard deviation
// model.init_stddev.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/key.h"
#include "common/random.h"
#include "common/xxh3.h"

namespace fathom {

class InitialEmbedding {
 public:
  InitialEmbedding(std::uint64_t seed, std::string_view table, double stddev)
      : table_seed_(Mix64(seed, Xxh3(table))), bound_(std::sqrt(3.0) * stddev) {}

  void Fill(Key key, std::span<float> embedding) const {
    const std::uint64_t row_seed = Mix64(table_seed_, key);
    for (std::size_t i = 0; i < embedding.size(); ++i) {
      embedding[i] = static_cast<float>((2 * UnitDouble(Mix64(row_seed, i)) - 1) * bound_);
    }
  }

 private:
  std::uint64_t table_seed_;
  double bound_;
};

}  // namespace fathom
