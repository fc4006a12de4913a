// What a caller must send to have a model score, as inspect prints it.
#pragma once

#include <string>

#include "worker/predict/trained_model.h"

namespace fathom {

// The form of the lines, a line for each column of the input, and what the model keeps beside its
// rows; each ended.
std::string ModelInputLines(const TrainedModel& model);

}  // namespace fathom
