// Whether a job that failed is started again, and after how long.
//
// Not where it would fail again for the same reason (bad usage, config or data, a wrong secret, a
// NaN in training), not more often than allowed, and not after three failures in a row without a
// newer checkpoint. A plain state machine: no clock, no process. Thread rule: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace fathom {

class RestartPolicy {
 public:
  static constexpr int kFailuresWithoutProgress = 3;

  // `newest`: the step of the newest complete checkpoint before the first start.
  RestartPolicy(int restarts, std::optional<std::uint64_t> newest)
      : allowed_(restarts), newest_(newest) {}

  struct Decision {
    bool restart = false;
    std::chrono::seconds pause{0};  // 1 s, doubled after each failure without a newer checkpoint
    std::string reason;             // of giving up
  };

  // The job has ended with this exit code (not 0), and this is the newest complete checkpoint.
  Decision OnFailure(int exit_code, std::optional<std::uint64_t> newest);

  int restarts() const { return restarts_; }

 private:
  int allowed_;
  std::optional<std::uint64_t> newest_;
  int restarts_ = 0;
  int failures_without_progress_ = 0;
};

}  // namespace fathom
