#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>

#include "common/config/config_file.h"
#include "common/error.h"
#include "common/run/checkpoint_dir.h"
#include "launcher/commands/commands.h"
#include "launcher/launch/child_process.h"
#include "launcher/launch/restart_policy.h"
#include "launcher/run/start_point.h"

namespace fathom {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kGlance = std::chrono::milliseconds(50);
constexpr auto kOrderlyStop = std::chrono::seconds(60);  // from the first signal to killing
constexpr auto kQuickStop = std::chrono::seconds(3);     // from the second
// Once some process of a job on this host has ended, the job is over, and all others should end
// within cluster.timeout_seconds. If they are still there so long after that, they are stopped
// processes, or mpirun hangs: all are killed.
constexpr auto kLeaving = std::chrono::seconds(10);
constexpr int kSignalled = 128;

std::atomic<int> signals{0};
std::atomic<int> first_signal{0};

void OnSignal(int signal_number) {
  int none = 0;
  first_signal.compare_exchange_strong(none, signal_number);
  ++signals;
}

void ListenForSignals() {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
}

template <typename... Args>
void Say(fmt::format_string<Args...> format, Args&&... args) {
  std::fprintf(stderr, "fathom launch: %s\n",
               fmt::format(format, std::forward<Args>(args)...).c_str());
}

// One start of the job, from fork to its end.
class Attempt {
 public:
  Attempt(const std::vector<std::string>& line, double timeout_seconds)
      : mpirun_(line),
        leaving_(kLeaving + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(timeout_seconds))) {}

  // Waits for its end and returns its exit code; passes the signals on meanwhile.
  int Run() {
    for (;;) {
      if (const auto code = mpirun_.Ended()) {
        mpirun_.KillLeftChildren();
        return *code;
      }
      PassSignalsOn();
      WatchChildren();
      std::this_thread::sleep_for(kGlance);
    }
  }

 private:
  void PassSignalsOn() {
    const auto now = Clock::now();
    if (signals > 0 && !asked_to_stop_) {
      asked_to_stop_ = now;
      Say("signal {}: a checkpoint, then the end; a second signal ends it now",
          first_signal.load());
      mpirun_.Signal(SIGUSR1);
    }
    if (asked_to_stop_ && !told_to_end_ && (signals > 1 || now - *asked_to_stop_ > kOrderlyStop)) {
      told_to_end_ = now;
      mpirun_.Signal(SIGTERM);
    }
    if (told_to_end_ && now - *told_to_end_ > kQuickStop) mpirun_.Signal(SIGKILL);
  }

  void WatchChildren() {
    const auto now = Clock::now();
    if (mpirun_.CountChildren() == mpirun_.seen_children()) {
      all_there_ = now;
    } else if (now - all_there_ > leaving_) {
      Say("some processes of the job have ended and others do not: all are killed");
      mpirun_.Signal(SIGKILL);
      all_there_ = now;
    }
  }

  ChildProcess mpirun_;
  Clock::duration leaving_;
  Clock::time_point all_there_ = Clock::now();
  std::optional<Clock::time_point> asked_to_stop_;
  std::optional<Clock::time_point> told_to_end_;
};

// The newest complete checkpoint of this launch, or of a run that it goes on from. One of an
// earlier run is none: the job puts it aside.
std::optional<std::uint64_t> NewestCheckpoint(const Config& config,
                                              std::filesystem::file_time_type launched) {
  const CheckpointDir checkpoints = CheckpointsOf(config);
  const auto steps = checkpoints.Steps();
  if (steps.empty()) return std::nullopt;
  std::error_code none;
  const auto written =
      std::filesystem::last_write_time(checkpoints.Complete(steps.back()) / "manifest.json", none);
  if (none || (ResumeFromOf(config.resume) != ResumeFrom::kAuto && written < launched))
    return std::nullopt;
  return steps.back();
}

// Sleeps, but not through a signal.
void Pause(std::chrono::seconds pause) {
  const auto end = Clock::now() + pause;
  while (signals == 0 && Clock::now() < end) std::this_thread::sleep_for(kGlance);
}

// The config, so that mistakes in it are told once, and at once.
Config CheckedConfig(const std::vector<std::string>& command) {
  if (command.size() < 2 || command[0] != "train")
    Fail(ExitCode::kUsage, "launch runs `train CONFIG [key=value ...]`, after --");
  return LoadConfig(command[1], {command.begin() + 2, command.end()});
}

}  // namespace

int LaunchCommand(const LaunchRequest& request) {
  const Config config = CheckedConfig(request.command);
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  const bool root = geteuid() == 0;
  if (request.dry_run) {
    std::printf("%s\n", Quoted(MpirunLine(request, program, false, root)).c_str());
    return 0;
  }
  ListenForSignals();
  const auto launched = std::filesystem::file_time_type::clock::now();
  auto newest = NewestCheckpoint(config, launched);
  RestartPolicy policy(request.restarts, newest);
  for (;;) {
    const auto line = MpirunLine(request, program, newest.has_value(), root);
    Say("{}", Quoted(line));
    const int code = Attempt(line, config.cluster.timeout_seconds).Run();
    if (signals > 0) return kSignalled + first_signal.load();
    if (code == 0) return 0;
    newest = NewestCheckpoint(config, launched);
    const auto decision = policy.OnFailure(code, newest);
    const std::string state = newest ? fmt::format("the newest checkpoint is of step {}", *newest)
                                     : "there is no checkpoint";
    if (!decision.restart) {
      Say("the job ended with exit code {}, {}; giving up: {}", code, state, decision.reason);
      return code;
    }
    Say("the job ended with exit code {}, {}; restart {} of {} in {} s", code, state,
        policy.restarts(), request.restarts, decision.pause.count());
    Pause(decision.pause);
    if (signals > 0) return kSignalled + first_signal.load();
  }
}

}  // namespace fathom
