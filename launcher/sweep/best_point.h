// The point of a sweep whose kept model is best on the validation part.
#pragma once

#include <string>
#include <vector>

#include "common/config/kinds.h"
#include "launcher/sweep/sweep_points.h"

namespace fathom {

// The point's figure by this metric, so that higher is better; not a number where it has none.
double MeritOf(const SweepPoint& point, BestBy by);

// By the metric of evaluate.best, as the median over the point's repeats; of equal ones the first.
// Null: no run has kept its best model, so nothing may be chosen by.
const SweepPoint* BestPoint(const std::vector<SweepPoint>& points, BestBy by);

// "best by logloss on the validation part: a=1 b=2: best_logloss 0.3, step 20, epoch 2".
std::string DescribeBest(const SweepPoint& point, BestBy by);

}  // namespace fathom
