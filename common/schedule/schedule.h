// Which examples make up which step, and after which steps the run evaluates: a pure function of
// the config and the number of examples, known alike to workers, servers and the coordinator.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/config/config.h"

namespace fathom {

// One global batch: positions [first, first + examples) of its epoch's order (the order itself:
// worker/data/epoch_order.h), cut into slices of slice_size, the last of which may be shorter.
struct StepPlan {
  std::uint64_t step = 0;
  std::uint64_t epoch = 0;
  std::uint64_t first = 0;
  std::uint32_t examples = 0;
  std::uint32_t slices = 0;
};

class Schedule {
 public:
  Schedule(const Config& config, std::uint64_t train_examples)
      : examples_(train_examples),
        batch_size_(config.train.batch_size),
        slice_size_(config.train.slice_size),
        steps_per_epoch_((train_examples + batch_size_ - 1) / batch_size_),
        steps_(steps_per_epoch_ * config.train.epochs),
        every_steps_(config.evaluate.every_steps),
        checkpoint_steps_(config.checkpoint.every_steps) {}

  std::uint64_t train_examples() const { return examples_; }
  std::uint64_t steps_per_epoch() const { return steps_per_epoch_; }
  std::uint64_t steps() const { return steps_; }

  StepPlan Plan(std::uint64_t step) const {
    StepPlan plan;
    plan.step = step;
    plan.epoch = step / steps_per_epoch_;
    plan.first = step % steps_per_epoch_ * batch_size_;
    plan.examples = static_cast<std::uint32_t>(std::min(batch_size_, examples_ - plan.first));
    plan.slices = static_cast<std::uint32_t>((plan.examples + slice_size_ - 1) / slice_size_);
    return plan;
  }

  // Whether the evaluation examples are scored once `done` steps are in the model: at the end of
  // each epoch, and every evaluate.every_steps.
  bool EvaluateAfter(std::uint64_t done) const {
    if (done == 0) return false;
    return done % steps_per_epoch_ == 0 || (every_steps_ > 0 && done % every_steps_ == 0);
  }

  // The first step above `done` after which a checkpoint is written; steps() if there is none
  // before the end.
  std::uint64_t NextCheckpoint(std::uint64_t done) const {
    if (checkpoint_steps_ == 0) return steps_;
    return std::min(steps_, (done / checkpoint_steps_ + 1) * checkpoint_steps_);
  }

 private:
  std::uint64_t examples_;
  std::uint64_t batch_size_;
  std::uint64_t slice_size_;
  std::uint64_t steps_per_epoch_;
  std::uint64_t steps_;
  std::uint64_t every_steps_;
  std::uint64_t checkpoint_steps_;
};

}  // namespace fathom
