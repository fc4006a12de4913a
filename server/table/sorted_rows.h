// Rows of one partition in ascending order of key.
#pragma once

#include <vector>

#include "common/file/alive.h"
#include "common/partitions.h"

namespace fathom {

// The rows are named by pointers to their state, as in row_store.h. `cut`: that of their table.
std::vector<const float*> SortedByKey(const std::vector<const float*>& rows, Partitions cut,
                                      const Alive& alive);

}  // namespace fathom
