// A parameter server: one thread that owns the rows of its partitions and its range of the dense
// parameters. No other thread ever touches them, so there are no locks.
//
// A pull is answered once the gates allow it (pull_gate.h, save_gate.h). In sync mode a step is
// applied once every worker's push for it is there: the partial sums of each row are added along
// the slice tree (common/schedule/slice_tree.h), then the update rules change the row. In the other
// modes one worker computes a whole batch, and its push is applied as it comes.
//
// Thread rule: one thread makes the server and calls Run, or Begin and Step.
#pragma once

#include <memory>

#include "common/run/run_context.h"

namespace fathom {

class Server {
 public:
  // The context must outlive the server. kEvaluate: serves pulls only.
  Server(const RunContext& context, int index);
  ~Server();

  // Begin, then Step until kStop. A kSave makes it write its partitions and its dense range, into
  // context.save_dir or a checkpoint's folder, and answer kSaved. Throws Error: a peer lost, or
  // silent beyond the deadline while its push is awaited (names worker, step and time), a bad
  // frame, a gradient that is not finite or beyond kMaxGradient (names table, key, step), a model
  // that cannot be written. A checkpoint that cannot be written is no failure here: kSaved tells
  // the coordinator.
  void Run();

  // Run in pieces, for a caller that runs several roles in one thread: Begin once, then Step until
  // it returns false. Begin reads the model or the checkpoint that the run starts from. A Step
  // handles one frame, or returns at `until` if none has come.
  void Begin();
  bool Step(Deadline until);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fathom
