// Where the rows of a model are read to score with: a folder as training leaves it (folder_rows.h),
// or a bundle (bundle_rows.h).
#pragma once

#include <algorithm>
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

  // The key's row as it lies in the model's files, [TableSpec::state_floats()] (row_state.h); empty
  // where it has none, or where the files hold no state, as a bundle.
  virtual std::span<const float> State(std::size_t table, Key key) const = 0;

  // [spec.dense_floats]
  virtual std::span<const float> dense() const = 0;
};

// A Read, row by row. take(key, weight, embedding) fills in what the key's row has; false: there is
// none. `wide`, `dim`: of the table; where it is not wide, or dim is 0, there is no such number.
template <typename Take>
void ReadEach(bool wide, std::size_t dim, std::span<const Key> keys, PulledRows::Table* rows,
              const Take& take) {
  rows->wide.resize(wide ? keys.size() : 0);
  rows->deep.resize(keys.size() * dim);
  rows->has_row.resize(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    float* const weight = wide ? rows->wide.data() + i : nullptr;
    float* const embedding = rows->deep.data() + i * dim;
    const bool found = take(keys[i], weight, embedding);
    rows->has_row[i] = found ? 1 : 0;
    if (found) continue;
    if (wide) *weight = 0;
    std::fill_n(embedding, dim, 0.0F);
  }
}

// The rows of a model, wherever it was opened from. Throws Error(kModel) that names the file.
std::unique_ptr<const ModelRows> OpenRows(const TrainedModel& model, RowCheck check);

}  // namespace fathom
