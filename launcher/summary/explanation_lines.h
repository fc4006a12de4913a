// A score taken apart, as `fathom explain` prints it for people.
#pragma once

#include <string>

#include "worker/explain/explanation.h"

namespace fathom {

// A table, a line for each part of the logit, with its sum. `title`: its first line.
std::string ExplanationLines(const std::string& title, const Explanation& explained);

// The same example by two models: what each part adds in both, and by how much they differ. Parts
// are matched by their field and name.
std::string ComparisonLines(const std::string& title, const Explanation& first,
                            const Explanation& second);

}  // namespace fathom
