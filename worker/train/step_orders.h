// What a worker does next. In sync mode every worker works on every batch, and the schedule alone
// says it. In the other modes the coordinator hands out whole batches as workers ask for them, so
// that a slow worker gets fewer and delays nobody.
#pragma once

#include <cstdint>
#include <optional>

#include "common/message/step_order.h"
#include "common/run/run_context.h"
#include "common/schedule/schedule.h"
#include "worker/train/row_client.h"

namespace fathom {

// Thread rule: the worker's own thread.
class StepOrders {
 public:
  StepOrders(const RunContext& context, const Schedule& schedule, RowClient& client);

  // The next order; kFinish again and again at the end. With `wait` false, nothing where it is not
  // known yet. Throws Error: the coordinator lost or silent.
  std::optional<StepOrder> Next(bool wait);

 private:
  StepOrder Scheduled();

  RowClient& client_;
  const Schedule& schedule_;
  bool sync_;
  bool evaluates_;
  std::uint64_t step_;  // sync: the next one to train
  bool evaluated_;      // sync: version step_
  bool asked_ = false;
  bool finished_ = false;
};

}  // namespace fathom
