// Hands out batches, one worker each, where the workers do not share them (bounded and async
// modes): to whoever asks, in order. When an evaluation is due every worker takes its part in it,
// and no further batch is handed out until all parts are in: the evaluation is of one model.
//
// A plain state machine: it knows neither clock nor peers. Thread rule: the coordinator's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "common/message/step_order.h"
#include "common/schedule/schedule.h"

namespace fathom {

class BatchDispatcher {
 public:
  // The model holds the batches below `next_step`, and its evaluation is still to come, if one is
  // due.
  BatchDispatcher(const Schedule& schedule, int workers, bool evaluates,
                  std::uint64_t next_step = 0);

  // A worker asks for its next order.
  void Ask(int worker);

  // The evaluation of this version is complete.
  void Evaluated(std::uint64_t version);

  // The orders that can be given now, to whom, in the order of asking.
  std::vector<std::pair<int, StepOrder>> Take();

 private:
  bool EvaluationDue() const;

  const Schedule& schedule_;
  bool evaluates_;
  std::deque<int> asking_;
  std::vector<bool> evaluating_;  // by worker: has its part in the evaluation that is due
  std::uint64_t next_step_;
  std::uint64_t evaluated_ = 0;  // the last version
};

}  // namespace fathom
