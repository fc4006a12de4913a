// How many distinct keys a log will have named, from how many a part of it has.
#pragma once

#include <vector>

namespace fathom {

struct RowCount {
  double draws = 0;  // keys that were named
  double rows = 0;   // distinct ones among them
};

// Of `values` values, of which number v comes with a probability that falls as v^-exponent: how
// many are expected among so many draws.
double DistinctValues(double values, double exponent, double draws);

// After `draws` draws. Looks for the number of values and the exponent of a power law under which
// the counts, ascending, would have come about, and follows it from the last count on.
double ExtrapolateRows(const std::vector<RowCount>& counts, double draws);

}  // namespace fathom
