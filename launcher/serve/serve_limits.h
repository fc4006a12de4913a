// What one request may ask for.
#pragma once

#include <cstddef>

namespace fathom {

struct ServeLimits {
  std::size_t rows = 100000;     // to score
  std::size_t values = 2000000;  // in its JSON, names of members counted; elements of its tensors
  // A column of one row goes for all: what a request comes to once each row has all its texts.
  static constexpr std::size_t kTextBytes = 256 << 20;
  static constexpr std::size_t kKeys = 20000000;  // values of columns, lists and crosses
};

}  // namespace fathom
