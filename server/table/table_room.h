// How many rows a table has room for, and what to set where that is too few.
#pragma once

#include <string>

#include "common/model/model_spec.h"
#include "common/partitions.h"

namespace fathom {

// Whether so many rows fit. Keys are hashes, so partitions have about as many rows each; the table
// is full once its fullest partition is (RowIndex::kMaxRows).
bool HasRoom(double rows, Partitions cut);

// For a message: the setting that makes room for so many rows.
std::string HowToMakeRoom(double rows, Partitions cut);

// Throws Error(kUsage) that names the table and what to set.
void CheckRoom(const TableSpec& table, double rows, Partitions cut);

}  // namespace fathom
