#include "launcher/sweep/best_point.h"

#include <fmt/format.h>

#include <cmath>

#include "common/config/best_model.h"

namespace fathom {
namespace {

double FigureOf(const SweepPoint& point, BestBy by) {
  return point.Of(fmt::format("best_{}", NameOf(by)));
}

}  // namespace

double MeritOf(const SweepPoint& point, BestBy by) { return MeritOf(by, FigureOf(point, by)); }

const SweepPoint* BestPoint(const std::vector<SweepPoint>& points, BestBy by) {
  const SweepPoint* best = nullptr;
  for (const SweepPoint& point : points) {
    if (std::isnan(MeritOf(point, by))) continue;
    if (best == nullptr || MeritOf(point, by) > MeritOf(*best, by)) best = &point;
  }
  return best;
}

std::string DescribeBest(const SweepPoint& point, BestBy by) {
  std::string values;
  for (const auto& [key, value] : point.values) values += " " + key + "=" + value;
  return fmt::format(
      "best by {} on the validation part:{}\n  {:.5f} after step {:.0f}, epoch {:.0f}", NameOf(by),
      values, FigureOf(point, by), point.Of("best_step"), point.Of("best_epoch"));
}

}  // namespace fathom
