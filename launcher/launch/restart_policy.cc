#include "launcher/launch/restart_policy.h"

#include <algorithm>

#include "common/error.h"

namespace fathom {
namespace {

// What is wrong is in the job itself.
bool FailsAgain(int exit_code) {
  constexpr int kNoSuchProgram = 127;  // mpirun
  if (exit_code == kNoSuchProgram) return true;
  switch (static_cast<ExitCode>(exit_code)) {
    case ExitCode::kUsage:
    case ExitCode::kData:
    case ExitCode::kRefused:
    case ExitCode::kNumeric:
      return true;
    default:
      return false;
  }
}

}  // namespace

RestartPolicy::Decision RestartPolicy::OnFailure(int exit_code, std::optional<std::uint64_t> newest,
                                                 bool began) {
  if (FailsAgain(exit_code)) return {.reason = "another start would end in the same way"};
  if (!began) return OnFailedStart();
  next_start_pause_ = std::chrono::seconds(1);
  waited_for_start_ = {};
  const bool progress = newest > newest_;  // none is less than any
  newest_ = std::max(newest_, newest);
  failures_without_progress_ = progress ? 1 : failures_without_progress_ + 1;
  if (failures_without_progress_ >= kFailuresWithoutProgress) {
    return {.reason = fmt::format("{} failures in a row without a newer checkpoint",
                                  kFailuresWithoutProgress)};
  }
  if (restarts_ == allowed_)
    return {.reason = fmt::format("it was restarted {} times already (--restarts)", restarts_)};
  ++restarts_;
  const std::chrono::seconds pause(1 << (failures_without_progress_ - 1));
  return {.restart = true, .pause = pause, .reason = {}};
}

RestartPolicy::Decision RestartPolicy::OnFailedStart() {
  if (allowed_ == 0) return {.reason = "it was restarted 0 times already (--restarts)"};
  if (waited_for_start_ >= kStartPatience) {
    return {.reason = fmt::format("for {} s no start has come as far as rank 0's first line",
                                  waited_for_start_.count())};
  }
  const auto pause = next_start_pause_;
  next_start_pause_ = std::min(2 * pause, kLongestPause);
  waited_for_start_ += pause;
  return {.restart = true, .pause = pause, .reason = {}};
}

}  // namespace fathom
