// Which rows of a partition leave it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/model/model_spec.h"
#include "server/table/row_store.h"

namespace fathom {

struct Leaving {
  std::vector<bool> rows;  // by number in the store
  std::uint32_t count = 0;
};

// All but `keep` rows (there are more): those with the lowest scores, of equal ones those with the
// lowest keys.
Leaving LowestRows(const RowStore& rows, std::uint64_t keep,
                   const std::function<double(const float* state)>& score);

// Those whose last update, which the table keeps, is `unused_steps` or more before `step`.
Leaving UnusedRows(const RowStore& rows, const TableSpec& spec, std::uint64_t step,
                   std::int64_t unused_steps);

}  // namespace fathom
