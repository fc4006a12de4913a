// A worker as the others see it: it pulls, pushes what was decided beforehand, and reports. It
// makes the same requests as worker/train/worker.cc, a step ahead, without waiting in between.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "common/run/run_context.h"
#include "common/schedule/schedule.h"
#include "tests/server/simulated_step.h"

namespace fathom::simulation {

// The gradients of every step.
class Gradients {
 public:
  Gradients(const std::vector<TableSpec>& tables, std::size_t dense_floats, std::uint32_t slices,
            std::uint64_t steps);

  Buffer Pull(std::uint64_t step, int part, int parts, int server, int servers);
  Buffer Push(std::uint64_t step, int part, int parts, int server, int servers);

 private:
  using Place = std::tuple<std::uint64_t, int, int, int, int>;

  std::vector<SimulatedStep> steps_;
  std::map<Place, Buffer> pulls_, pushes_;
};

class SimulatedWorker {
 public:
  SimulatedWorker(const RunContext& context, const Schedule& schedule, int index,
                  Gradients& gradients);

  void Begin();
  void Handle(const Frame& frame);

  bool done() const { return done_; }      // it has left in order
  bool failed() const { return failed_; }  // it has lost somebody, or was told that the run failed
  Clock::time_point waits_since() const { return waits_since_; }  // for a frame

 private:
  bool sync() const { return context_.config.train.consistency == Consistency::kSync; }
  int Part() const { return sync() ? index_ : 0; }
  int Parts() const { return sync() ? context_.layout.workers : 1; }
  void Pull(std::uint64_t step);
  void Compute(std::uint64_t step);
  void AskForOrder();
  void Leave();
  void Send(FrameType type, RoleId to, std::uint64_t step, Buffer payload);

  const RunContext& context_;
  const Schedule& schedule_;
  int index_;
  RoleId role_;
  Gradients& gradients_;
  Clock::time_point waits_since_ = Clock::now();
  std::uint64_t next_pull_;
  std::uint64_t next_push_;
  std::map<std::uint64_t, int> rows_;  // answers by step
  int open_ = 0;                       // bounded, async: batches ordered and not computed
  bool finished_ = false;              // no more orders
  bool done_ = false;
  bool failed_ = false;
};

}  // namespace fathom::simulation
