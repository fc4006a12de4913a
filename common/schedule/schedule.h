// Which examples make up which step, how large the learning rates are in it, and after which steps
// the run evaluates and waits: a pure function of the config and the number of examples, known
// alike to workers, servers and the coordinator.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/config/best_model.h"
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
  double rate_share = 1;  // of the learning rates: train.schedule
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
        checkpoint_steps_(config.checkpoint.every_steps),
        keeps_best_(KeepsBest(config)),
        rates_(config.train.schedule),
        warmup_steps_(config.train.warmup_steps),
        final_rate_(config.train.final_rate) {}

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
    plan.rate_share = RateShare(step);
    return plan;
  }

  // Whether the evaluation examples are scored once `done` steps are in the model: at the end of
  // each epoch, and every evaluate.every_steps.
  bool EvaluateAfter(std::uint64_t done) const {
    if (done == 0) return false;
    return done % steps_per_epoch_ == 0 || (every_steps_ > 0 && done % every_steps_ == 0);
  }

  // Whether the model after `done` steps is judged: training waits until it is known whether the
  // model is the best so far, and saved if so.
  bool JudgeAfter(std::uint64_t done) const { return keeps_best_ && EvaluateAfter(done); }

  // The epoch, from 1, of the last of these steps.
  std::uint64_t EpochOf(std::uint64_t done) const { return (done - 1) / steps_per_epoch_ + 1; }

  // The first step above `done` before which training waits for the coordinator; steps() if there
  // is none before the end.
  std::uint64_t NextHold(std::uint64_t done) const {
    std::uint64_t next = NextCheckpoint(done);
    if (!keeps_best_ || steps_per_epoch_ == 0) return next;
    next = std::min(next, (done / steps_per_epoch_ + 1) * steps_per_epoch_);
    return every_steps_ == 0 ? next : std::min(next, (done / every_steps_ + 1) * every_steps_);
  }

  // The first step above `done` after which a checkpoint is written; steps() if there is none
  // before the end.
  std::uint64_t NextCheckpoint(std::uint64_t done) const {
    if (checkpoint_steps_ == 0) return steps_;
    return std::min(steps_, (done / checkpoint_steps_ + 1) * checkpoint_steps_);
  }

 private:
  // Up to 1 at the last step of the warm-up, then in a line to final_rate at the last step.
  double RateShare(std::uint64_t step) const {
    if (rates_ == RateSchedule::kConstant) return 1;
    const auto done = static_cast<double>(step + 1);
    if (step < warmup_steps_) return done / static_cast<double>(warmup_steps_);
    const auto falling = static_cast<double>(steps_ - warmup_steps_);
    return 1 - (1 - final_rate_) * (done - static_cast<double>(warmup_steps_)) / falling;
  }

  std::uint64_t examples_;
  std::uint64_t batch_size_;
  std::uint64_t slice_size_;
  std::uint64_t steps_per_epoch_;
  std::uint64_t steps_;
  std::uint64_t every_steps_;
  std::uint64_t checkpoint_steps_;
  bool keeps_best_;
  RateSchedule rates_;
  std::uint64_t warmup_steps_;
  double final_rate_;
};

}  // namespace fathom
