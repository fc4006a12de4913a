#include "launcher/launch/mpirun_job.h"

#include <signal.h>

#include <thread>

#include "common/terminal.h"
#include "launcher/launch/stop_signal.h"

namespace fathom {
namespace {

constexpr auto kPollPeriod = std::chrono::milliseconds(50);
constexpr auto kAskAgain = std::chrono::seconds(1);
constexpr auto kOrderlyStop = std::chrono::seconds(60);  // from the first signal to killing
constexpr auto kQuickStop = std::chrono::seconds(3);     // from the second
// Once some process of a job on this host has ended, the job is over, and all others should end
// within cluster.timeout_seconds. If they are still there so long after that, they are stopped
// processes, or mpirun hangs: all are killed.
constexpr auto kLeaving = std::chrono::seconds(10);

}  // namespace

MpirunJob::MpirunJob(const std::vector<std::string>& line, Patience patience,
                     std::function<bool()> begun)
    : mpirun_(line, output_.in(), errors_.in()),
      leaving_(kLeaving + std::chrono::duration_cast<Clock::duration>(
                              std::chrono::duration<double>(patience.timeout_seconds))),
      start_patience_(patience.start),
      ask_begun_(std::move(begun)) {
  output_.CloseIn();
  errors_.CloseIn();
}

int MpirunJob::Run() {
  for (;;) {
    const auto code = mpirun_.Ended();
    if (!begun_) begun_ = ask_begun_();  // also what it did just before its end
    if (code) {
      mpirun_.KillLeftChildren();
      return *code;
    }
    PassSignalsOn();
    WatchStart();
    WatchChildren();
    std::this_thread::sleep_for(kPollPeriod);
  }
}

void MpirunJob::WatchStart() {
  // Where rank 0's files are on another host, what it prints comes here all the same.
  if (begun_ || output_.has_printed()) start_patience_.reset();
  if (!start_patience_ || Clock::now() - started_ < *start_patience_) return;
  SayOfLaunch("no rank has begun within {} s: all are killed", start_patience_->count());
  mpirun_.Signal(SIGKILL);
  start_patience_.reset();
}

void MpirunJob::PassSignalsOn() {
  const auto now = Clock::now();
  if (StopSignal::Count() > 0 && !asked_to_stop_) {
    asked_to_stop_ = now;
    asked_again_ = now;
    SayOfLaunch("signal {}: a checkpoint, then the end; a second signal ends it now",
                StopSignal::First());
    mpirun_.Signal(SIGUSR1);
  }
  if (asked_to_stop_ && now - asked_again_ > kAskAgain) {
    asked_again_ = now;
    mpirun_.Signal(SIGUSR1);
  }
  if (asked_to_stop_ && !told_to_end_ &&
      (StopSignal::Count() > 1 || now - *asked_to_stop_ > kOrderlyStop)) {
    told_to_end_ = now;
    mpirun_.Signal(SIGTERM);
  }
  if (told_to_end_ && now - *told_to_end_ > kQuickStop) mpirun_.Signal(SIGKILL);
}

void MpirunJob::WatchChildren() {
  const auto now = Clock::now();
  if (mpirun_.CountChildren() == mpirun_.seen_children()) {
    all_there_ = now;
  } else if (now - all_there_ > leaving_) {
    SayOfLaunch("some processes of the job have ended and others do not: all are killed");
    mpirun_.Signal(SIGKILL);
    all_there_ = now;
  }
}

void PrintOfLaunch(const std::string& text) {
  Terminal::Errors().Write("fathom launch: " + text + "\n");
}

}  // namespace fathom
