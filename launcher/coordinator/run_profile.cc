#include "launcher/coordinator/run_profile.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "common/error.h"
#include "launcher/coordinator/ratio.h"

namespace fathom {
namespace {

constexpr double kSecond = 1e9;       // ns
constexpr double kMillisecond = 1e6;  // ns
constexpr double kShownShare = 0.005;

// What a role's own thread does, one thing at a time.
constexpr Stage kWorkerStages[] = {Stage::kOrderWait, Stage::kBatchWait,    Stage::kPullWait,
                                   Stage::kCompute,   Stage::kRowGradients, Stage::kPush,
                                   Stage::kEvaluation};
constexpr Stage kServerStages[] = {Stage::kIdle,   Stage::kDecode, Stage::kFind,
                                   Stage::kEncode, Stage::kUpdate, Stage::kSave};

double Seconds(const LatencyHistogram& stage) {
  return static_cast<double>(stage.total_ns()) / kSecond;
}

double QuantileMs(const LatencyHistogram& stage, double q) {
  return stage.count() > 0 ? stage.Quantile(q) / kMillisecond : NAN;
}

std::vector<StageSummary> Summaries(std::span<const Stage> stages,
                                    const std::array<LatencyHistogram, kStages>& measured,
                                    double elapsed) {
  const auto of = [&](Stage stage) -> const LatencyHistogram& {
    return measured[static_cast<std::size_t>(stage)];
  };
  std::vector<StageSummary> summaries;
  double rest = elapsed;
  for (const Stage stage : stages) {
    double seconds = Seconds(of(stage));
    if (stage == Stage::kPush) seconds -= Seconds(of(Stage::kRowGradients));
    rest -= seconds;
    summaries.push_back({.name = StageName(stage),
                         .title = StageTitle(stage),
                         .share = Ratio(seconds, elapsed, NAN),
                         .seconds = seconds,
                         .count = of(stage).count(),
                         .p50_ms = QuantileMs(of(stage), 0.5),
                         .p99_ms = QuantileMs(of(stage), 0.99)});
  }
  rest = std::max(rest, 0.0);
  summaries.push_back({.name = kOtherStages,
                       .title = kOtherStages,
                       .share = Ratio(rest, elapsed, NAN),
                       .seconds = rest,
                       .count = 0,
                       .p50_ms = NAN,
                       .p99_ms = NAN});
  return summaries;
}

}  // namespace

RoleKind RunProfile::KindOf(RoleId role) const {
  if (role >= layout_.roles.size())
    Fail(ExitCode::kPeer, "a profile names role {} of {}", role, layout_.roles.size());
  return layout_.roles[role].kind;
}

void RunProfile::Add(const ProfileMessage& message) {
  processor_seconds_ += message.processor_seconds;
  for (const auto& [role, traffic] : message.traffic) {
    if (KindOf(role) != RoleKind::kWorker) continue;
    worker_bytes_sent_ += traffic.bytes_sent;
    worker_bytes_received_ += traffic.bytes_received;
  }
  for (const ThreadProfile& thread : message.threads) {
    RoleTimes& times = TimesOf(KindOf(thread.role));
    for (std::size_t i = 0; i < kStages; ++i) times.stages[i].Add(thread.stages[i]);
    pulled_keys_ += thread.pulled_keys;
    if (!thread.thread.empty()) continue;
    times.seconds += static_cast<double>(thread.last_ns - thread.first_ns) / kSecond -
                     Seconds(thread.of(Stage::kStopWait));
  }
}

ProfileReport RunProfile::Report(double seconds, std::uint64_t examples, std::uint64_t steps,
                                 int threads) const {
  const RoleTimes& workers = TimesOf(RoleKind::kWorker);
  const RoleTimes& servers = TimesOf(RoleKind::kServer);
  const auto trained = static_cast<double>(examples);
  const LatencyHistogram& pull = workers.stages[static_cast<std::size_t>(Stage::kPull)];
  const LatencyHistogram& push = workers.stages[static_cast<std::size_t>(Stage::kPush)];
  return {
      .workers = layout_.workers,
      .servers = layout_.servers,
      .threads = threads,
      .cpu_cores_used = Ratio(processor_seconds_, seconds, NAN),
      .bytes_per_example_sent = Ratio(static_cast<double>(worker_bytes_sent_), trained, NAN),
      .bytes_per_example_received =
          Ratio(static_cast<double>(worker_bytes_received_), trained, NAN),
      .unique_keys_per_batch =
          Ratio(static_cast<double>(pulled_keys_), static_cast<double>(steps), NAN),
      .make_batch_seconds = Seconds(workers.stages[static_cast<std::size_t>(Stage::kMakeBatch)]),
      .pull_p50_ms = QuantileMs(pull, 0.5),
      .pull_p99_ms = QuantileMs(pull, 0.99),
      .push_p50_ms = QuantileMs(push, 0.5),
      .push_p99_ms = QuantileMs(push, 0.99),
      .worker_stages = Summaries(kWorkerStages, workers.stages, workers.seconds),
      .server_stages = Summaries(kServerStages, servers.stages, servers.seconds)};
}

std::string ShareLine(const std::string& whose, std::vector<StageSummary> stages) {
  std::stable_sort(stages.begin(), stages.end(),
                   [](const auto& a, const auto& b) { return a.share > b.share; });
  std::string shares;
  for (const StageSummary& stage : stages) {
    if (!(stage.share >= kShownShare)) continue;
    shares +=
        fmt::format("{}{} {:.0f} %", shares.empty() ? "" : ", ", stage.title, 100 * stage.share);
  }
  return shares.empty() ? "" : fmt::format("{} time: {}", whose, shares);
}

}  // namespace fathom
