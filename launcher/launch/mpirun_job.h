// One start of a job under mpirun, from fork to its end.
//
// Signals that StopSignal counts are passed on: at the first the job writes a checkpoint and ends
// (SIGUSR1), at the second, or after a minute, it is ended. Where some processes of the job on this
// host have ended and the others do not follow, all are killed.
// Thread rule: the main thread.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launcher/launch/child_process.h"

namespace fathom {

class MpirunJob {
 public:
  // `timeout_seconds`: cluster.timeout_seconds, within which the processes of a job follow each
  // other. Throws Error(kTraining) where mpirun cannot be started.
  MpirunJob(const std::vector<std::string>& line, double timeout_seconds);

  // Waits for its end and returns its exit code.
  int Run();

 private:
  using Clock = std::chrono::steady_clock;

  void PassSignalsOn();
  void WatchChildren();

  ChildProcess mpirun_;
  Clock::duration leaving_;
  Clock::time_point all_there_ = Clock::now();
  std::optional<Clock::time_point> asked_to_stop_;
  std::optional<Clock::time_point> told_to_end_;
};

// A line of `fathom launch` itself, on standard error.
void PrintOfLaunch(const std::string& text);

template <typename... Args>
void SayOfLaunch(fmt::format_string<Args...> format, Args&&... args) {
  PrintOfLaunch(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace fathom
