// The synthetic logs that `fathom generate` makes.
#pragma once

#include "common/config/kinds.h"

namespace fathom {

enum class SyntheticLog { kBooks, kCriteo };
template <>
struct NamesOf<SyntheticLog> {
  static constexpr std::array<std::string_view, 2> kNames = {"books", "criteo"};
};

}  // namespace fathom
