// Which part of the data a line belongs to: a pure function of the values of some of its fields,
// so that the same reader and book are always on the same side.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fathom {

// A point in [0, 1), uniform over different fields. A line is in the test part where its point is
// below data.test_fraction.
double SplitPoint(std::int64_t split_seed, std::span<const std::string_view> fields);

}  // namespace fathom
