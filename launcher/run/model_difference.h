// Why two models are not the same: what they record of how they were made.
#pragma once

#include <string>

#include "worker/predict/trained_model.h"

namespace fathom {

// Lines, each ended: the settings that differ, other training data, other models to begin with,
// another fathom. Where none of them differs, what is left to suspect.
std::string ExplainDifference(const TrainedModel& first, const TrainedModel& second);

}  // namespace fathom
