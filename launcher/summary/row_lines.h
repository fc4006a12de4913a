// A row of a model as `fathom inspect --key` prints it.
#pragma once

#include <string>

#include "worker/explain/named_feature.h"
#include "worker/predict/scorer.h"

namespace fathom {

// Where the row lies, and its numbers: its weight, its embedding, and the state of their update
// rules where the model's files hold it; a key without a row says so.
std::string RowLines(const Scorer& model, const NamedFeature& feature);

}  // namespace fathom
