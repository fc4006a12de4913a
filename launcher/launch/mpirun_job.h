// One start of a job under mpirun, from fork to its end.
//
// Signals that StopSignal counts are passed on: at the first the job writes a checkpoint and ends
// (SIGUSR1, again every second: before the ranks are there mpirun passes it on to nobody), at the
// second, or after a minute, it is ended. Where some processes of the job on this host have ended
// and the others do not follow, or where no rank begins, all are killed.
// Thread rule: the main thread.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launcher/launch/child_process.h"
#include "launcher/launch/output_relay.h"

namespace fathom {

class MpirunJob {
 public:
  struct Patience {
    // cluster.timeout_seconds, within which the processes of a job follow each other.
    double timeout_seconds = 30;
    // From the start until `begun` says so, or the job prints something; nothing: for ever.
    std::optional<std::chrono::seconds> start;
  };

  // `begun`: whether rank 0 has begun its work; asked now and then until it says yes. Throws
  // Error(kTraining) where mpirun cannot be started.
  MpirunJob(const std::vector<std::string>& line, Patience patience, std::function<bool()> begun);

  // Waits for its end and returns its exit code.
  int Run();

  bool begun() const { return begun_; }

 private:
  using Clock = std::chrono::steady_clock;

  void PassSignalsOn();
  void WatchStart();
  void WatchChildren();

  OutputRelay output_{Terminal::Standard()};
  OutputRelay errors_{Terminal::Errors()};
  ChildProcess mpirun_;
  Clock::duration leaving_;
  std::optional<std::chrono::seconds> start_patience_;
  std::function<bool()> ask_begun_;
  bool begun_ = false;
  Clock::time_point started_ = Clock::now();
  Clock::time_point all_there_ = Clock::now();
  std::optional<Clock::time_point> asked_to_stop_;
  Clock::time_point asked_again_;
  std::optional<Clock::time_point> told_to_end_;
};

// A line of `fathom launch` itself, on standard error.
void PrintOfLaunch(const std::string& text);

template <typename... Args>
void SayOfLaunch(fmt::format_string<Args...> format, Args&&... args) {
  PrintOfLaunch(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace fathom
