// Numbers that are learnt of each value of a column: how often it occurs, how often with label 1.
#pragma once

#include <string>
#include <vector>

#include "worker/transform/learnt_transform.h"

namespace fathom {

// The names of these lists among LearntTransform::others, by place in the vocabulary.
inline constexpr const char* kExamples = "examples";
inline constexpr const char* kPositives = "positives";

// The list of that name. Throws Error(kModel) where it is no list of one count for each value of
// the vocabulary, or the vocabulary does not ascend.
const std::vector<double>& CountsOf(const LearntTransform& learnt, const std::string& name,
                                    const std::string& column);

}  // namespace fathom
