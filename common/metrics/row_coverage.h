// How many of the values that were scored the model has a row for. A value without one counts as
// zeros: the model knows nothing of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fathom {

// Of one field: a categorical or multivalent column, or a cross.
struct FieldCoverage {
  std::string name;
  std::uint64_t values = 0;       // that the examples have of it
  std::uint64_t without_row = 0;  // of these
  bool is_cross = false;

  double share_without_row() const {
    return values == 0 ? 0 : static_cast<double>(without_row) / static_cast<double>(values);
  }
};

// "book_id 3.1 %, reader_id 0.2 %": the fields that miss rows, those that miss most first, and how
// many more there are; empty where no row is missing.
std::string DescribeCoverage(const std::vector<FieldCoverage>& fields);

// The columns of which nearly all values have no row, where there are more than a few: ids that are
// written otherwise than in training, or other data than the model's. A cross misses rows where its
// columns do not.
std::vector<FieldCoverage> HardlyKnown(const std::vector<FieldCoverage>& fields);

// The warning of one of these.
std::string DescribeHardlyKnown(const FieldCoverage& field);

}  // namespace fathom
