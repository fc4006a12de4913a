// Where a line stands, for the transforms that treat what they learnt from apart.
#pragma once

#include <cstdint>

namespace fathom {

struct LinePlace {
  std::uint64_t number = 0;  // unique to the line among all files
  bool learnt_from = false;  // of the training part, whose lines the transforms learn from
};

}  // namespace fathom
