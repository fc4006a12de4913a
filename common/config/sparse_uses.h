// Which parts of the model have categorical columns, multivalent ones or crosses.
#pragma once

#include <algorithm>

#include "common/config/config.h"

namespace fathom {

// Whether one of them is used so: UsesWide, UsesDeep.
template <typename Uses>
bool HasSparse(const Config& config, const Uses& uses) {
  return std::any_of(config.columns.begin(), config.columns.end(),
                     [&](const ColumnConfig& column) {
                       return column.kind != ColumnKind::kNumeric && uses(column.use);
                     }) ||
         std::any_of(config.crosses.begin(), config.crosses.end(),
                     [&](const CrossConfig& cross) { return uses(cross.use); });
}

}  // namespace fathom
