// What the settings of the data and of the columns must have among each other: which settings go
// with which format, kind and transform.
#pragma once

#include <string>
#include <string_view>

#include "common/config/config.h"

namespace fathom {

// The formats with a trait, as "csv, tsv".
std::string FormatsWith(FormatTrait trait);

// Whether a column of its kind, use and transform looks at the setting with this key.
bool LooksAt(const ColumnConfig& column, std::string_view key);

// Both throw Error(kUsage) that begins with `origin`. A setting that has its default counts as not
// given.
void CheckData(const Config& config, const std::string& origin);
void CheckColumns(const Config& config, const std::string& origin);

}  // namespace fathom
