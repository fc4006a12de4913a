// Rows of one partition in ascending order of key.
#pragma once

#include <vector>

#include "common/file/alive.h"

namespace fathom {

// The rows are named by pointers to their state, as in row_store.h.
std::vector<const float*> SortedByKey(const std::vector<const float*>& rows, const Alive& alive);

}  // namespace fathom
