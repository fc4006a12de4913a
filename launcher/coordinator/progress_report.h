// How far training is and how fast: "train" lines of metrics.jsonl, lines on the terminal, and the
// time that counts as training. Evaluations do not count.
//
// Thread rule: the coordinator's thread.
#pragma once

#include <cstdint>

#include "common/config/config.h"
#include "common/model/manifest.h"
#include "common/net/mailbox.h"
#include "common/schedule/schedule.h"
#include "launcher/coordinator/metrics_log.h"
#include "launcher/coordinator/step_losses.h"

namespace fathom {

class ProgressReport {
 public:
  // The clock starts now. `log` may be null; what is given must outlive this.
  ProgressReport(const Config& config, const Schedule& schedule, MetricsLog* log);

  // A step is finished; `progress` is over all examples so far, its own among them.
  void Finished(const FinishedStep& step, const TrainingProgress& progress);

  // An evaluation has just ended. Where it was of the model after all finished steps, the time
  // since the last of them does not count as training.
  void Evaluated(bool of_newest);

  // From the start to the last step, without evaluations.
  double TrainingSeconds() const;

 private:
  // A stretch of steps that is reported together.
  struct Window {
    Clock::time_point began;
    double loss_sum = 0;
    double weight_sum = 0;
    std::uint64_t examples = 0;

    void Add(const FinishedStep& step);
    double Loss() const;
    double ExamplesPerSecond(Clock::time_point now) const;
  };

  void Log(std::uint64_t steps, const TrainingProgress& progress);
  void Show(std::uint64_t steps);

  const Config& config_;
  const Schedule& schedule_;
  MetricsLog* log_;
  Clock::time_point started_;
  Clock::time_point last_step_;    // or the end of the evaluation after it
  Clock::duration evaluating_{0};  // in all
  Window logged_, shown_;          // since the last line in the log, on the terminal
};

}  // namespace fathom
