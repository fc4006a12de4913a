// Sync mode: the workers' gradients of the step at hand, kept until the last worker's are in. A
// plain state machine: no clock, no peer. Thread rule: the server's thread.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "common/net/mailbox.h"
#include "server/shard/shard.h"

namespace fathom {

class StepPushes {
 public:
  explicit StepPushes(int workers) : gradients_(static_cast<std::size_t>(workers)) {}

  bool Has(int worker) const { return gradients_[static_cast<std::size_t>(worker)].has_value(); }

  // A worker's, which came at `now`; it had none here.
  void Add(int worker, WorkerGradients gradients, Clock::time_point now) {
    if (count_++ == 0) first_came_ = now;
    gradients_[static_cast<std::size_t>(worker)] = std::move(gradients);
  }

  std::size_t count() const { return count_; }
  std::size_t workers() const { return gradients_.size(); }
  bool complete() const { return count_ == gradients_.size(); }
  Clock::time_point first_came() const { return first_came_; }

  // All, by worker, once they are complete; the next step begins with none.
  std::vector<WorkerGradients> Take() {
    std::vector<WorkerGradients> taken;
    for (auto& gradients : gradients_) taken.push_back(*std::exchange(gradients, std::nullopt));
    count_ = 0;
    return taken;
  }

 private:
  std::vector<std::optional<WorkerGradients>> gradients_;  // by worker
  std::size_t count_ = 0;
  Clock::time_point first_came_;
};

}  // namespace fathom
