#include "launcher/coordinator/progress_report.h"

#include <algorithm>

#include "common/log_line.h"
#include "launcher/coordinator/ratio.h"

namespace fathom {
namespace {

// metrics.jsonl gets about this many "train" lines a run.
constexpr std::uint64_t kTrainWindows = 200;

}  // namespace

void ProgressReport::Window::Add(const FinishedStep& step) {
  loss_sum += step.loss_sum;
  weight_sum += step.weight_sum;
  examples += step.examples;
}

double ProgressReport::Window::Loss() const { return Ratio(loss_sum, weight_sum, 0); }

double ProgressReport::Window::ExamplesPerSecond(Clock::time_point now) const {
  return Ratio(static_cast<double>(examples), Seconds(now - began), 0);
}

ProgressReport::ProgressReport(const Config& config, const Schedule& schedule, MetricsLog* log)
    : config_(config),
      schedule_(schedule),
      log_(log),
      started_(Clock::now()),
      last_step_(started_) {
  logged_.began = shown_.began = started_;
}

void ProgressReport::Finished(const FinishedStep& step, const TrainingProgress& progress) {
  const std::uint64_t steps = step.step + 1;
  const bool last = steps == schedule_.steps();
  last_step_ = Clock::now();
  logged_.Add(step);
  shown_.Add(step);
  const std::uint64_t window_steps = std::max<std::uint64_t>(1, schedule_.steps() / kTrainWindows);
  if (steps % window_steps == 0 || last) Log(steps, progress);
  const auto every = static_cast<double>(config_.output.progress_seconds);
  if (last || Seconds(last_step_ - shown_.began) >= every) Show(steps);
}

void ProgressReport::Log(std::uint64_t steps, const TrainingProgress& progress) {
  if (log_ != nullptr) {
    log_->Train({.step = steps,
                 .epoch = (steps - 1) / schedule_.steps_per_epoch(),
                 .examples = progress.examples,
                 .logloss = logged_.Loss(),
                 .examples_per_second = logged_.ExamplesPerSecond(last_step_)});
  }
  logged_ = {.began = last_step_};
}

void ProgressReport::Show(std::uint64_t steps) {
  LogInfo("step {:>6} of {}   epoch {} of {}   log loss {:.5f}   {:>9.0f} examples/s", steps,
          schedule_.steps(), (steps - 1) / schedule_.steps_per_epoch() + 1, config_.train.epochs,
          shown_.Loss(), shown_.ExamplesPerSecond(last_step_));
  shown_ = {.began = last_step_};
}

void ProgressReport::Evaluated(bool of_newest) {
  const auto now = Clock::now();
  const auto took = of_newest ? now - last_step_ : Clock::duration(0);
  evaluating_ += took;
  logged_.began += took;
  shown_.began += took;
  last_step_ = now;
}

double ProgressReport::TrainingSeconds() const {
  return Seconds(last_step_ - started_ - evaluating_);
}

}  // namespace fathom
