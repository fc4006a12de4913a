#include "server/service/pull_gate.h"

#include "common/check.h"

namespace fathom {
namespace {

std::uint64_t Allowed(const TrainConfig& train, std::uint64_t steps) {
  if (train.consistency == Consistency::kSync) return 0;
  return train.consistency == Consistency::kAsync ? steps
                                                  : static_cast<std::uint64_t>(train.staleness);
}

}  // namespace

PullGate::PullGate(const TrainConfig& train, std::uint64_t steps, std::uint64_t version)
    : sync_(train.consistency == Consistency::kSync),
      allowed_(Allowed(train, steps)),
      steps_(steps),
      version_(version) {}

bool PullGate::Expects(std::uint64_t step, bool to_train) const {
  if (step < version_ || beyond_.count(step) > 0) return false;
  if (sync_ && step > version_ + kPullsAhead) return false;
  return to_train ? step < steps_ : step <= steps_;
}

void PullGate::Applied(std::uint64_t step) {
  FATHOM_CHECK(Expects(step, true));
  beyond_.insert(step);
  while (!beyond_.empty() && *beyond_.begin() == version_) {
    beyond_.erase(beyond_.begin());
    ++version_;
  }
}

}  // namespace fathom
