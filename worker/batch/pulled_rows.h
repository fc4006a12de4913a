// What the servers answered to a pull: the rows of a batch's keys, in order of key.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/aligned_vector.h"

namespace fathom {

struct PulledRows {
  PulledRows() = default;
  PulledRows(PulledRows&&) = default;  // `dense` still views what moves along
  PulledRows& operator=(PulledRows&&) = default;

  struct Table {
    AlignedVector<float> wide;          // [keys], if the table is wide
    AlignedVector<float> deep;          // [keys x dim], if it is deep
    std::vector<std::uint8_t> has_row;  // [keys], of a pull to score with; else empty
  };
  std::vector<Table> tables;
  AlignedVector<float> pulled_dense;  // [spec.dense_floats]; empty where `dense` views others
  std::span<const float> dense;       // [spec.dense_floats]
};

}  // namespace fathom
