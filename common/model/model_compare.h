// Whether two models are the same.
#pragma once

#include <filesystem>
#include <string>

namespace fathom {

// The first difference between two models: in step, seed, tables, dense parameters, then rows in
// order of table and key, then the counters of two checkpoints' admission filters. Empty:
// identical. How many partitions the rows lie in makes no difference. Says which table, key and
// value, with both values as decimal and bits.
std::string CompareModels(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace fathom
