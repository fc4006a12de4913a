// Whether numbers are numbers.
#pragma once

#include <cmath>
#include <span>

namespace fathom {

// No infinity and no NaN among them.
inline bool AllFinite(std::span<const float> numbers) {
  unsigned infinite = 0;  // no early end: a vector loop
  for (const float number : numbers) infinite |= std::isfinite(number) ? 0 : 1;
  return infinite == 0;
}

}  // namespace fathom
