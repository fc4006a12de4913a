// A worker: computes its slices of every batch and of every evaluation.
#pragma once

#include <memory>

#include "common/run/run_context.h"
#include "worker/data/example_source.h"

namespace fathom {

// Thread rule: one thread makes it and calls Run.
class Worker {
 public:
  // `train` may be null in kEvaluate, `evaluation` where there is nothing to evaluate on. All of
  // these must outlive the worker.
  Worker(const RunContext& context, int index, const ExampleSource* train,
         const ExampleSource* evaluation);
  ~Worker();

  // kTrain: all steps of the schedule, with the evaluations that it asks for. kEvaluate: one
  // evaluation. Tells the coordinator kWorkerDone and returns at kStop. A kStop that comes before
  // the last step ends it in order, too. Throws Error: a peer lost or silent beyond the deadline
  // (names role, host, step and what was awaited), a loss that is not finite, damaged packed data.
  void Run();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fathom
