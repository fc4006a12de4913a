// Trains: the worker's part of every step.
//
//   batch           prefetch thread, one step ahead: examples -> unique keys
//   pull            prefetch thread: asks the servers for the rows of these keys, as of this step;
//                   they answer as soon as the consistency mode allows it
//   forward         each slice, on the pool's threads: rows -> logits
//   backward        each slice: loss -> dense gradients (slice tree), gradients of the slice's rows
//   row gradients   each key, on the pool's threads: its slices' gradients summed along the tree
//   push            one message a server; the servers finish the sums and update the rows
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/profile/stage_recorder.h"
#include "common/run/run_context.h"
#include "common/schedule/schedule.h"
#include "worker/model/dense_gradient_tree.h"
#include "worker/model/row_gradients.h"
#include "worker/model/slice_model.h"
#include "worker/model/thread_pool.h"
#include "worker/train/batch_prefetch.h"
#include "worker/train/gradient_watch.h"
#include "worker/train/row_client.h"

namespace fathom {

// Thread rule: the worker's own thread; the prefetch thread and the pool's threads are inside.
class Trainer {
 public:
  Trainer(const RunContext& context, int worker, const Schedule& schedule,
          const ExampleSource& data, RowClient& client);

  // Begins to make the step's batch and to pull its rows.
  void Start(std::uint64_t step);

  // Trains the earliest step that was started.
  void Step(std::uint64_t step, std::vector<SliceModel>& models, ThreadPool& pool);

 private:
  void ForwardBackward(const std::vector<TreeNode>& nodes, std::vector<SliceModel>& models,
                       ThreadPool& pool);
  void SendLosses() const;

  const RunContext& context_;
  int worker_;
  RowClient& client_;
  StageRecorder& recorder_;
  std::vector<StageRecorder*> thread_recorders_;  // by compute thread; the first is recorder_
  DenseGradientTree dense_tree_;
  RowGradients row_gradients_;
  GradientWatch watch_;

  std::unique_ptr<Batch> batch_;
  PulledRows rows_;
  std::vector<float> logits_;
  StepWeights step_weights_;
  BatchGradients gradients_;
  std::vector<double> losses_;   // by slice of the part
  std::vector<double> weights_;  // the same, if examples have weights
  BatchPrefetch prefetch_;
};

}  // namespace fathom
