// Whether a run keeps the model that is best on the validation part, as a pure function of its
// config.
#pragma once

#include "common/config/config.h"

namespace fathom {

// Then its evaluations while it trains are on the validation part, training waits for what each of
// them says, and the model that it publishes is the best one.
inline bool KeepsBest(const Config& config) {
  return config.evaluate.best != BestBy::kNone && config.data.validation_fraction > 0 &&
         !Has(config.data.format, FormatTrait::kNoText);
}

// A figure of the metric as the runs that are compared by it rank: higher is better.
inline double MeritOf(BestBy by, double figure) {
  return by == BestBy::kLogLoss ? -figure : figure;
}

}  // namespace fathom
