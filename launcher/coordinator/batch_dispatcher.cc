#include "launcher/coordinator/batch_dispatcher.h"

namespace fathom {

BatchDispatcher::BatchDispatcher(const Schedule& schedule, int workers, bool evaluates,
                                 std::uint64_t next_step)
    : schedule_(schedule),
      evaluates_(evaluates),
      evaluating_(static_cast<std::size_t>(workers), false),
      next_step_(next_step) {}

void BatchDispatcher::Ask(int worker) { asking_.push_back(worker); }

void BatchDispatcher::Evaluated(std::uint64_t version) {
  evaluated_ = version;
  evaluating_.assign(evaluating_.size(), false);
}

bool BatchDispatcher::EvaluationDue() const {
  return evaluates_ && schedule_.EvaluateAfter(next_step_) && evaluated_ < next_step_;
}

std::vector<std::pair<int, StepOrder>> BatchDispatcher::Take() {
  std::vector<std::pair<int, StepOrder>> orders;
  std::deque<int> waiting;
  for (; !asking_.empty(); asking_.pop_front()) {
    const int worker = asking_.front();
    if (EvaluationDue()) {
      if (evaluating_[static_cast<std::size_t>(worker)]) {
        waiting.push_back(worker);
        continue;
      }
      evaluating_[static_cast<std::size_t>(worker)] = true;
      orders.push_back({worker, {OrderKind::kEvaluate, next_step_}});
    } else if (next_step_ < schedule_.steps()) {
      orders.push_back({worker, {OrderKind::kTrain, next_step_++}});
    } else {
      orders.push_back({worker, {OrderKind::kFinish, next_step_}});
    }
  }
  asking_ = std::move(waiting);
  return orders;
}

}  // namespace fathom
