#include "launcher/sweep/halving.h"

#include <algorithm>
#include <cmath>

namespace fathom {
namespace {

constexpr std::size_t kShare = 3;  // eta of the papers: one of so many goes on

}  // namespace

std::vector<Rung> RungsOf(std::size_t points, std::int64_t most_epochs) {
  std::vector<Rung> rungs;
  for (std::int64_t epochs = 1;; epochs *= static_cast<std::int64_t>(kShare)) {
    const bool last = points == 1 || epochs >= most_epochs;
    rungs.push_back({points, last ? most_epochs : epochs});
    if (last) return rungs;
    points = (points + kShare - 1) / kShare;
  }
}

std::vector<std::size_t> Survivors(const std::vector<double>& merits, std::size_t count) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < merits.size(); ++i) {
    if (!std::isnan(merits[i])) places.push_back(i);
  }
  std::stable_sort(places.begin(), places.end(),
                   [&](std::size_t a, std::size_t b) { return merits[a] > merits[b]; });
  places.resize(std::min(count, places.size()));
  return places;
}

std::vector<std::size_t> SurvivorsAndFirst(const std::vector<double>& merits, std::size_t count) {
  std::vector<std::size_t> places = Survivors(merits, count);
  if (merits.empty() || std::isnan(merits.front())) return places;
  const auto first = std::find(places.begin(), places.end(), 0U);
  if (first != places.end()) places.erase(first);
  places.insert(places.begin(), 0);
  return places;
}

}  // namespace fathom
