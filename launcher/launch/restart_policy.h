// Whether a job that failed is started again, and after how long.
//
// Not where it would fail again for the same reason (bad usage, config or data, a wrong secret, a
// NaN in training, no mpirun). A run that began and failed: not more often than allowed, and not
// after three failures in a row without a newer checkpoint. A start that failed before rank 0 began
// (a host that does not answer): again and again for five minutes, which is another patience: it
// counts neither as a restart nor as a failure of the run. A plain state machine: no clock, no
// process. Thread rule: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace fathom {

class RestartPolicy {
 public:
  static constexpr int kFailuresWithoutProgress = 3;
  static constexpr std::chrono::seconds kStartPatience{
      300};                                                 // pauses between failed starts, in all
  static constexpr std::chrono::seconds kLongestPause{30};  // between failed starts

  // `newest`: the step of the newest complete checkpoint before the first start.
  RestartPolicy(int restarts, std::optional<std::uint64_t> newest)
      : allowed_(restarts), newest_(newest) {}

  struct Decision {
    bool restart = false;
    std::chrono::seconds pause{0};  // 1 s, doubled after each failure without a newer checkpoint
    std::string reason;             // of giving up
  };

  // The job has ended with this exit code (not 0), and this is the newest complete checkpoint.
  // `began`: rank 0 had begun its work.
  Decision OnFailure(int exit_code, std::optional<std::uint64_t> newest, bool began);

  int restarts() const { return restarts_; }

 private:
  Decision OnFailedStart();

  int allowed_;
  std::optional<std::uint64_t> newest_;
  int restarts_ = 0;
  int failures_without_progress_ = 0;
  std::chrono::seconds next_start_pause_{1};
  std::chrono::seconds waited_for_start_{0};  // since the last run that began
};

}  // namespace fathom
