#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>

#include "common/error.h"
#include "common/run/checkpoint_dir.h"
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

constexpr auto kLaunchGlance = std::chrono::milliseconds(50);

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
  while (StopSignal::Count() == 0 && Clock::now() < end) std::this_thread::sleep_for(kLaunchGlance);
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
  const Config config = CheckedConfig(request);
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  const bool root = geteuid() == 0;
  if (request.dry_run) {
    std::printf("%s\n", ShellLine(MpirunLine(request, program, false, root)).c_str());
    return 0;
  }
  StopSignal::Listen({SIGINT, SIGTERM, SIGHUP}, StopSignal::Second::kIsCounted);
  const auto launched = std::filesystem::file_time_type::clock::now();
  auto newest = NewestCheckpoint(config, launched);
  RestartPolicy policy(request.restarts, newest);
  for (;;) {
    const auto line = MpirunLine(request, program, newest.has_value(), root);
    SayOfLaunch("{}", ShellLine(line));
    const int code = MpirunJob(line, config.cluster.timeout_seconds).Run();
    if (StopSignal::Count() > 0) return ExitCodeOfSignal(StopSignal::First());
    if (code == 0) return 0;
    newest = NewestCheckpoint(config, launched);
    const auto decision = policy.OnFailure(code, newest);
    const std::string state = newest ? fmt::format("the newest checkpoint is of step {}", *newest)
                                     : "there is no checkpoint";
    if (!decision.restart) {
      SayOfLaunch("the job ended with exit code {}, {}; giving up: {}", code, state,
                  decision.reason);
      return code;
    }
    SayOfLaunch("the job ended with exit code {}, {}; restart {} of {} in {} s", code, state,
                policy.restarts(), request.restarts, decision.pause.count());
    Pause(decision.pause);
    if (StopSignal::Count() > 0) return ExitCodeOfSignal(StopSignal::First());
  }
}

}  // namespace fathom
