// Where the rows of a model are read to score with: a folder as training leaves it (folder_rows.h),
// or a bundle (bundle_rows.h).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "common/key.h"
#include "worker/batch/pulled_rows.h"

namespace fathom {

struct TrainedModel;

// How much of a model's files is looked at when they are opened.
enum class RowCheck { kNone, kAll };

// Thread rule: immutable once made; Read from any thread.
class ModelRows {
 public:
  virtual ~ModelRows() = default;

  // The rows of `keys`, which ascend, as a pull to score with gives them: a key without a row has
  // zeros, and has_row says so. What `rows` holds is used again. Never fails: what lies outside the
  // file is never touched, whatever a file holds.
  virtual void Read(std::size_t table, std::span<const Key> keys,
                    PulledRows::Table* rows) const = 0;

  // Calls use(key, weight, embedding) for each row of the table in ascending order of key. The
  // weight is 0 where the table is not wide; embedding: [dim], valid until the next call.
  using RowUse = std::function<void(Key key, float weight, std::span<const float> embedding)>;
  virtual void ForEach(std::size_t table, const RowUse& use) const = 0;

  // [spec.dense_floats]
  virtual std::span<const float> dense() const = 0;
};

// The rows of a model, wherever it was opened from. Throws Error(kModel) that names the file.
std::unique_ptr<const ModelRows> OpenRows(const TrainedModel& model, RowCheck check);

}  // namespace fathom
