// What the servers answered to a pull: the rows of a batch's keys, in order of key.
#pragma once

#include <vector>

#include "common/aligned_vector.h"

namespace fathom {

struct PulledRows {
  struct Table {
    AlignedVector<float> wide;  // [keys], if the table is wide
    AlignedVector<float> deep;  // [keys x dim], if it is deep
  };
  std::vector<Table> tables;
  AlignedVector<float> dense;  // [spec.dense_floats]
};

}  // namespace fathom
