// Counts the values of a batch that the model has no row for.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/batch/batch.h"
#include "worker/batch/pulled_rows.h"

namespace fathom {

// By field.
struct MissingRows {
  std::vector<std::uint64_t> values;       // that the examples have
  std::vector<std::uint64_t> without_row;  // of these

  explicit MissingRows(std::size_t fields = 0) : values(fields), without_row(fields) {}

  // Of rows that were pulled to score with.
  void Add(const Batch& batch, const PulledRows& rows);
};

}  // namespace fathom
