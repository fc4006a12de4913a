// A parameter server: one thread that owns the rows of its partitions and its range of the dense
// parameters. No other thread ever touches them, so there are no locks.
//
// A pull is answered once the clock allows (pull_gate.h). In sync mode a step is applied once
// every worker's push for it is there: the partial sums of each row are added along the slice
// tree (common/schedule/slice_tree.h), then FTRL and AdaGrad update the row. In the other modes one
// worker computes a whole batch, and its push is applied as it comes.
#pragma once

#include <memory>

#include "common/run/run_context.h"

namespace fathom {

class Server {
 public:
  // kEvaluate: loads its partitions of context.model_dir, checks them, and serves pulls only.
  Server(const RunContext& context, int index);
  ~Server();

  // Serves until kStop. kSave writes the partitions and the dense range to context.save_dir and
  // answers kSaved. Throws Error: a peer lost or silent beyond the deadline while awaited (an idle
  // server that awaits a push names worker, step and time), a bad frame, a gradient that is not
  // finite (table, key, step), a disk that refuses.
  void Run();

  // Run in pieces, for one who drives several roles himself: Begin once, then Step until it returns
  // false. A Step handles one frame, or returns when none has come until then.
  void Begin();
  bool Step(Deadline until);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fathom
