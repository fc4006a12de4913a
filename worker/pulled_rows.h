// What the servers answered to a pull: the rows of a batch's keys, in order of key.
#pragma once

#include <vector>

namespace fathom {

struct PulledRows {
  struct Table {
    std::vector<float> wide;  // [keys], if the table is wide
    std::vector<float> deep;  // [keys x dim], if it is deep
  };
  std::vector<Table> tables;
  std::vector<float> dense;  // [spec.dense_floats]
};

}  // namespace fathom
