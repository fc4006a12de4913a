// What a worker pulls of the watched rows, and the gradients that it makes of them
// (common/run/row_watch.h).
#pragma once

#include "common/run/row_watch.h"
#include "worker/batch/batch.h"
#include "worker/batch/pulled_rows.h"
#include "worker/model/slice_model.h"

namespace fathom {

// Thread rule: the worker's thread.
class GradientWatch {
 public:
  GradientWatch(const RunContext& context, int worker);

  // After a batch's backward pass: for each watched row that its part names a line of what was
  // pulled, and one for the gradient of each slice, summed over the slice's examples.
  void Step(const Batch& batch, const PulledRows& rows, const BatchGradients& gradients);

 private:
  void WriteRow(const WatchedRow& row, std::size_t place, const Batch& batch,
                const PulledRows& rows, const BatchGradients& gradients);

  const ModelSpec& spec_;
  WatchFile file_;
};

}  // namespace fathom
