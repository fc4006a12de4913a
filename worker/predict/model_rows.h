// Where the rows of a model are read to score with: a folder as training leaves it (folder_rows.h),
// or a bundle.
#pragma once

#include <cstddef>
#include <span>

#include "common/key.h"
#include "worker/batch/pulled_rows.h"

namespace fathom {

// Thread rule: immutable once made; Read from any thread.
class ModelRows {
 public:
  virtual ~ModelRows() = default;

  // The rows of `keys`, which ascend, as a pull to score with gives them: a key without a row has
  // zeros, and has_row says so. What `rows` holds is used again. Never fails: what lies outside the
  // file is never touched, whatever a file holds.
  virtual void Read(std::size_t table, std::span<const Key> keys,
                    PulledRows::Table* rows) const = 0;

  // [spec.dense_floats]
  virtual std::span<const float> dense() const = 0;
};

}  // namespace fathom
