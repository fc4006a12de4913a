#include "worker/train/step_orders.h"

namespace fathom {

StepOrders::StepOrders(const RunContext& context, const Schedule& schedule, RowClient& client)
    : client_(client),
      schedule_(schedule),
      sync_(context.config.train.consistency == Consistency::kSync),
      evaluates_(context.evaluation_examples > 0),
      step_(context.start_step),
      evaluated_(context.start_step == 0) {}

std::optional<StepOrder> StepOrders::Next(bool wait) {
  if (sync_) return Scheduled();
  if (finished_) return StepOrder{OrderKind::kFinish, schedule_.steps()};
  if (!asked_) client_.AskForOrder();
  asked_ = true;
  const std::optional<StepOrder> order = client_.TakeOrder(wait);
  if (!order) return std::nullopt;
  asked_ = false;
  finished_ = order->kind == OrderKind::kFinish;
  return order;
}

StepOrder StepOrders::Scheduled() {
  if (!evaluated_ && evaluates_ && schedule_.EvaluateAfter(step_)) {
    evaluated_ = true;
    return {OrderKind::kEvaluate, step_};
  }
  if (step_ == schedule_.steps()) return {OrderKind::kFinish, step_};
  evaluated_ = false;
  return {OrderKind::kTrain, step_++};
}

}  // namespace fathom
