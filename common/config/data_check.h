// What the settings of the data and of the columns must have among each other: which settings go
// with which format, kind and transform.
#pragma once

#include <string>

#include "common/config/config.h"

namespace fathom {

// The formats with a trait, as "csv, tsv".
std::string FormatsWith(FormatTrait trait);

// Both throw Error(kUsage) that begins with `origin`. A setting that has its default counts as not
// given.
void CheckData(const Config& config, const std::string& origin);
void CheckColumns(const Config& config, const std::string& origin);

}  // namespace fathom
