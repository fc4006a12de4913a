#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>

#include "common/error.h"
#include "common/log/run_log.h"
#include "common/run/launched_checkpoints.h"
#include "common/settings/config_file.h"
#include "common/settings/idle_settings.h"
#include "launcher/commands/commands.h"
#include "launcher/launch/mpirun_job.h"
#include "launcher/launch/restart_policy.h"
#include "launcher/launch/stop_signal.h"
#include "launcher/run/start_point.h"

namespace fathom {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLaunchPollPeriod = std::chrono::milliseconds(50);

// From its start to rank 0's first line; where all ranks are on this host.
constexpr std::chrono::seconds kStartDeadline{120};

// Sleeps, but not through a signal.
void Pause(std::chrono::seconds pause) {
  const auto end = Clock::now() + pause;
  while (StopSignal::Count() == 0 && Clock::now() < end)
    std::this_thread::sleep_for(kLaunchPollPeriod);
}

// The config, so that mistakes in it are told once, and at once. What is no mistake the job tells.
Config CheckedConfig(const LaunchRequest& request) {
  const auto& command = request.command;
  if (command.size() < 2 || command[0] != "train")
    Fail(ExitCode::kUsage, "launch runs `train CONFIG [key=value ...]`, after --");
  GivenKeys given;
  Config config = LoadConfig(command[1], {command.begin() + 2, command.end()}, &given);
  IdleSettings(config, given, {.processes = request.ranks}, command[1]);
  return config;
}

}  // namespace

int LaunchCommand(const LaunchRequest& request) {
  StopSignal::Listen({SIGINT, SIGTERM, SIGHUP}, StopSignal::Second::kIsCounted);
  const Config config = CheckedConfig(request);
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  const bool root = geteuid() == 0;
  if (request.dry_run) {
    std::printf("%s\n", ShellLine(MpirunLine(request, program, false, root)).c_str());
    return 0;
  }
  const MpirunJob::Patience patience{.timeout_seconds = config.cluster.timeout_seconds,
                                     .start = kStartDeadline};
  const std::filesystem::path logs = std::filesystem::path(config.output.dir) / "logs";
  const LaunchedCheckpoints checkpoints(CheckpointsOf(config), ResumeFromOf(config.resume));
  auto newest = checkpoints.Newest();
  RestartPolicy policy(request.restarts, newest);
  for (;;) {
    if (StopSignal::Count() > 0) return ExitCodeOfSignal(StopSignal::First());
    const auto line = MpirunLine(request, program, newest.has_value(), root);
    SayOfLaunch("{}", ShellLine(line));
    const int begun_before = LogsBegun(logs, RankLogName(0));
    MpirunJob job(line, patience, [&] { return LogsBegun(logs, RankLogName(0)) != begun_before; });
    const int code = job.Run();
    if (StopSignal::Count() > 0) return ExitCodeOfSignal(StopSignal::First());
    if (code == 0) return 0;
    newest = checkpoints.Newest();
    const auto decision = policy.OnFailure(code, newest, job.begun());
    const std::string what = job.begun() ? "the job ended" : "the job ended before it began,";
    const std::string state = newest ? fmt::format("the newest checkpoint is of step {}", *newest)
                                     : "there is no checkpoint";
    if (!decision.restart) {
      SayOfLaunch("{} with exit code {}, {}; giving up: {}", what, code, state, decision.reason);
      return code;
    }
    if (job.begun()) {
      SayOfLaunch("{} with exit code {}, {}; restart {} of {} in {} s", what, code, state,
                  policy.restarts(), request.restarts, decision.pause.count());
    } else {
      SayOfLaunch("{} with exit code {}, {}; another try in {} s", what, code, state,
                  decision.pause.count());
    }
    Pause(decision.pause);
  }
}

}  // namespace fathom
