// Successive halving (Jamieson and Talwalkar 2016), the inner loop of Hyperband (Li et al. 2018):
// all points are trained for a few epochs, the best third of them for three times as many, and so
// on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fathom {

struct Rung {
  std::size_t points = 0;
  std::int64_t epochs = 0;
};

// From `points` points and one epoch on, until one point or `most_epochs` is reached. The last rung
// has `most_epochs`.
std::vector<Rung> RungsOf(std::size_t points, std::int64_t most_epochs);

// The places of the `count` highest merits, best first; of equal ones the earlier. One that is no
// number is never among them, so there may be fewer.
std::vector<std::size_t> Survivors(const std::vector<double>& merits, std::size_t count);

// The same, and before them the place 0, if it is a number: what all others are compared with goes
// on to the end, whether or not it is among the `count` best. So there may be one more.
std::vector<std::size_t> SurvivorsAndFirst(const std::vector<double>& merits, std::size_t count);

}  // namespace fathom
