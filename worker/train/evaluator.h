// Scores the worker's part of the evaluation examples and sends the scores to the coordinator.
#pragma once

#include <cstdint>
#include <vector>

#include "common/run/run_context.h"
#include "worker/batch/batch.h"
#include "worker/batch/missing_rows.h"
#include "worker/model/slice_model.h"
#include "worker/model/thread_pool.h"
#include "worker/train/row_client.h"

namespace fathom {

class Evaluator {
 public:
  Evaluator(const RunContext& context, int worker, const ExampleSource& data);

  // With the model as it is once `version` steps are in it. The evaluation's slices are cut from
  // its examples in order, so a score does not depend on who computes it.
  void Run(std::uint64_t version, RowClient& client, std::vector<SliceModel>& models,
           ThreadPool& pool);

 private:
  void MakeBatch(std::uint64_t first_slice, std::uint32_t slices, Batch* batch);
  void SendScores(std::uint64_t version, const Batch& batch, std::uint64_t first_example,
                  const std::vector<float>& logits, const MissingRows& counts) const;

  const RunContext& context_;
  int worker_;
  BatchBuilder builder_;
  std::uint64_t examples_;
  std::uint32_t slice_size_;
};

}  // namespace fathom
