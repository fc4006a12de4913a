// What one request may ask for.
#pragma once

#include <cstddef>

namespace fathom {

struct ServeLimits {
  std::size_t rows = 100000;     // to score
  std::size_t values = 2000000;  // in its JSON, names of members counted; elements of its tensors
};

}  // namespace fathom
