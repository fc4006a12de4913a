#include "tests/simulation/run_attempt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "common/error.h"
#include "common/model/manifest.h"
#include "launcher/coordinator/coordinator.h"
#include "tests/simulation/simulated_clock.h"

namespace fathom::simulation {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kExamples = kSteps * kSlices * kSliceExamples;

// A request to stop and a disk that comes back may be awaited for less than kTimeoutSeconds.
constexpr double kTimeoutSeconds = 100;
// The coordinator's patience is twice the deadline; all others end with it, or a little after.
constexpr auto kPatience = std::chrono::seconds(100);  // a worker's, while it waits for a frame
constexpr double kAllEndedSeconds = 4 * kTimeoutSeconds;

}  // namespace

ModelSpec RunSpec() {
  ModelSpec spec;
  spec.tables = {{.name = "wide_deep2", .wide = true, .dim = 2}};
  spec.dense_floats = kDenseFloats;
  return spec;
}

const char* NameOf(Fault fault) {
  static constexpr const char* kNames[] = {"no fault", "crash", "cut", "repeat", "disk", "stop"};
  return kNames[static_cast<int>(fault)];
}

Plan MakePlan(Random& random, Consistency consistency, bool may_fail) {
  Plan plan;
  Config& config = plan.config;
  config.train.batch_size = kSlices * kSliceExamples;
  config.train.slice_size = kSliceExamples;
  config.train.consistency = consistency;
  config.train.staleness = static_cast<std::int64_t>(random() % 3);
  config.checkpoint.every_steps = static_cast<std::int64_t>(random() % 5);
  config.checkpoint.keep = 1 + static_cast<std::int64_t>(random() % 2);
  config.cluster.servers = 1 + static_cast<std::int64_t>(random() % 3);
  config.cluster.workers = 1 + static_cast<std::int64_t>(random() % 4);
  config.cluster.timeout_seconds = kTimeoutSeconds;
  if (may_fail) plan.fault = static_cast<Fault>(random() % 6);
  plan.when = random() % 250;
  return plan;
}

Attempt::Attempt(const Plan& plan, const fs::path& output, Random& random, Gradients& gradients)
    : plan_(plan),
      random_(random),
      output_(output),
      layout_(MakeLayout({"here"}, plan.config.cluster)),
      network_(static_cast<int>(layout_.roles.size()), random, [this] { return Pump(); }),
      start_(NewestCheckpoint()),
      context_{{{.model_dir = start_ ? checkpoints_.Complete(*start_) : fs::path(),
                 .save_dir = output / "model",
                 .checkpoint_dir = checkpoints_.path(),
                 .start = start_ ? StartFrom::kResume : StartFrom::kNew,
                 .start_step = start_.value_or(0)},
                plan_.config,
                spec_,
                layout_,
                kExamples},
               network_},
      schedule_(plan_.config, kExamples) {
  for (int s = 0; s < layout_.servers; ++s)
    servers_.push_back({std::make_unique<Server>(context_, s), layout_.server(s)});
  for (int w = 0; w < layout_.workers; ++w)
    workers_.push_back(
        {std::make_unique<SimulatedWorker>(context_, schedule_, w, gradients), layout_.worker(w)});
}

Attempt::End Attempt::Run() {
  fs::remove_all(output_ / "model");
  fs::create_directories(output_ / "model");
  CoordinatorInputs inputs;
  inputs.texts = {.config_toml = "", .transforms_json = "{}"};
  if (start_) inputs.progress = *ReadManifest(context_.model_dir).progress;
  inputs.stop_asked = [this] { return stop_asked_; };
  End end = End::kFailed;
  try {
    for (auto& server : servers_) server.role->Begin();
    for (auto& worker : workers_) worker.role->Begin();
    const CoordinatorResult result = Coordinator(context_, std::move(inputs)).Run();
    end = result.stopped ? End::kStopped : End::kDone;
    steps_ = result.report.steps;
    EXPECT_EQ(result.report.examples, steps_ * kSlices * kSliceExamples);
    // Each slice's losses sum to 0.5, before a resume and after it.
    EXPECT_EQ(result.report.progressive_logloss, steps_ == 0 ? 0 : 0.5 / kSliceExamples);
  } catch (const Error& error) {
    why_ = error.what();
    network_.Crash(layout_.coordinator());  // as its process ends
  }
  AwaitTheOthers(end);
  return end;
}

void Attempt::AwaitTheOthers(End end) {
  const auto coordinator_ended = Clock::now();
  while (!AllEnded() && VirtualSeconds() < kAllEndedSeconds) {
    if (!Pump()) AdvanceClock(Clock::now() + std::chrono::seconds(1));
    if (end != End::kFailed) NoticeTheCoordinatorsSilence(coordinator_ended);
  }
  EXPECT_TRUE(AllEnded()) << "waits without a deadline: " << Waiting();
  // Only where frames vanish without a word do deadlines end the wait.
  if (plan_.fault != Fault::kCut) {
    EXPECT_LT(VirtualSeconds(), kTimeoutSeconds) << "it hangs";
  }
  EXPECT_LT(network_.most_waiting(), 200U);
}

std::optional<std::uint64_t> Attempt::NewestCheckpoint() const {
  const auto steps = checkpoints_.Steps();
  return steps.empty() ? std::nullopt : std::optional(steps.back());
}

double Attempt::VirtualSeconds() const {
  return std::chrono::duration<double>(Clock::now() - began_).count();
}

bool Attempt::Pump() {
  if (events_++ == plan_.when) Disturb();
  std::vector<std::function<void()>> choices;
  for (auto& server : servers_) {
    if (!server.ended && network_.HasFrames(server.id))
      choices.push_back([this, &server] { StepServer(server); });
  }
  for (auto& worker : workers_) {
    if (!worker.crashed && network_.HasFrames(worker.id))
      choices.push_back([this, &worker] { StepWorker(worker); });
  }
  if (!choices.empty() && random_() % 3 > 0) {
    choices[random_() % choices.size()]();
    return true;
  }
  if (network_.DeliverOne()) return true;
  if (choices.empty()) {
    LetTimePass();
    return false;
  }
  choices[random_() % choices.size()]();
  return true;
}

void Attempt::LetTimePass() {
  for (auto& server : servers_) {
    if (!server.ended) StepServer(server);
  }
  for (auto& worker : workers_) {
    if (Ended(worker) || worker.role->waits_since() + kPatience > Clock::now()) continue;
    worker.crashed = true;
    network_.Crash(worker.id);
  }
}

bool Attempt::AllEnded() const {
  return std::all_of(servers_.begin(), servers_.end(), [](auto& server) { return server.ended; }) &&
         std::all_of(workers_.begin(), workers_.end(), [](auto& worker) { return Ended(worker); });
}

void Attempt::NoticeTheCoordinatorsSilence(Clock::time_point ended) {
  const auto deadline = std::chrono::duration<double>(kTimeoutSeconds);
  if (plan_.fault != Fault::kCut || coordinator_lost_ || Clock::now() - ended < deadline) return;
  coordinator_lost_ = true;
  network_.Crash(layout_.coordinator());
}

void Attempt::Cut() {
  const auto from = static_cast<RoleId>(random_() % layout_.roles.size());
  const auto to = static_cast<RoleId>(random_() % layout_.roles.size());
  network_.Cut(from, to);
}

std::string Attempt::Waiting() const {
  std::string text;
  for (std::size_t s = 0; s < servers_.size(); ++s)
    if (!servers_[s].ended) text += fmt::format("server {} ", s);
  for (std::size_t w = 0; w < workers_.size(); ++w)
    if (!Ended(workers_[w])) text += fmt::format("worker {} ", w);
  return text;
}

void Attempt::StepServer(Live<Server>& server) {
  try {
    server.ended = !server.role->Step(Clock::now());
  } catch (const Error&) {
    server.ended = true;
    network_.Crash(server.id);
  }
}

void Attempt::StepWorker(Live<SimulatedWorker>& worker) {
  const auto frame = network_.mailbox(worker.id).Take(Clock::now());
  worker.role->Handle(*frame);
  if (worker.role->failed() && !worker.crashed) {
    worker.crashed = true;
    network_.Crash(worker.id);
  }
}

void Attempt::Disturb() {
  switch (plan_.fault) {
    case Fault::kNone:
      return;
    case Fault::kCrash: {
      const std::size_t victim = random_() % (servers_.size() + workers_.size());
      if (victim < servers_.size()) {
        servers_[victim].ended = true;
        network_.Crash(servers_[victim].id);
      } else {
        auto& worker = workers_[victim - servers_.size()];
        worker.crashed = true;
        network_.Crash(worker.id);
      }
      return;
    }
    case Fault::kCut:
      Cut();
      return;
    case Fault::kRepeat:
      network_.RepeatNext(static_cast<RoleId>(random_() % layout_.roles.size()));
      return;
    case Fault::kDisk:
      // A file in the place of the folder: nothing can be written below it.
      fs::remove_all(checkpoints_.path());
      std::ofstream(checkpoints_.path()) << "in the way";
      return;
    case Fault::kStop:
      stop_asked_ = true;
      return;
  }
}

}  // namespace fathom::simulation
