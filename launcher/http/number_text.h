// Numbers as the text that a column is given.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace fathom {

// Whole numbers up to 2^53 without fraction and exponent; others as short as tells them from any
// other number of their type. `number` must be finite.
template <typename Float>
std::string NumberText(Float number) {
  constexpr Float kExact = static_cast<Float>(9007199254740992.0);
  if (number == std::floor(number) && std::abs(number) <= kExact)
    return fmt::format("{}", static_cast<long long>(number));
  return fmt::format("{}", number);
}

}  // namespace fathom
