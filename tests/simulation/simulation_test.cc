// A whole cluster in one thread, from one seed: the real coordinator and servers, and workers that
// do as the real ones, over a network that orders, delays, repeats, loses and cuts as the seed
// says, on a disk that fails when it says so. A run that was disturbed is gone on with on another
// layout until it is done.
//
//   simulation_tests                      as many seeds as FATHOM_SIM_SEEDS says
//                                         (2000; 200 under a sanitizer)
//   FATHOM_SIM_SEED=N simulation_tests    this one alone, told step by step
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "common/error.h"
#include "common/model/manifest.h"
#include "common/model/model_compare.h"
#include "common/run/checkpoint_dir.h"
#include "launcher/coordinator/coordinator.h"
#include "server/service/server.h"
#include "tests/simulation/simulated_clock.h"
#include "tests/simulation/simulated_network.h"
#include "tests/simulation/simulated_worker.h"
#include "tests/support/scratch_dir.h"

namespace fathom::simulation {
namespace {

namespace fs = std::filesystem;
using testing::ScratchDir;

constexpr std::uint64_t kSteps = 8;
constexpr std::uint32_t kSlices = 4;
constexpr std::int64_t kSliceExamples = 8;
constexpr std::size_t kDenseFloats = 32;
constexpr std::uint64_t kSeeds = FATHOM_SIM_SEEDS;
constexpr int kMaxAttempts = 8;
constexpr int kFaultyAttempts = 3;

// A request to stop and a disk that comes back may be awaited for less than the first of these.
constexpr double kTimeoutSeconds = 100;
// The coordinator's patience is twice the deadline; all others end with it, or a little after.
constexpr auto kPatience = std::chrono::seconds(100);  // a worker's, while it waits for a frame
constexpr double kAllEndedSeconds = 4 * kTimeoutSeconds;

ModelSpec Spec() {
  ModelSpec spec;
  spec.tables = {{.name = "wide_deep2", .wide = true, .dim = 2}};
  spec.dense_floats = kDenseFloats;
  return spec;
}

enum class Fault { kNone, kCrash, kCut, kRepeat, kDisk, kStop };

// One seed's choices, for reading.
struct Plan {
  Config config;
  std::uint64_t steps = kSteps;
  std::uint32_t slices = kSlices;  // of a step
  std::size_t most_waiting = 200;  // frames in one inbox
  Fault fault = Fault::kNone;
  std::uint64_t when = 0;  // the event before which it happens
};

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

// One start of the run.
class Attempt {
 public:
  enum class End { kDone, kStopped, kFailed };

  Attempt(const Plan& plan, const fs::path& output, Random& random, Gradients& gradients)
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
                  plan.steps * plan.slices * kSliceExamples},
                 network_},
        schedule_(plan_.config, context_.train_examples) {
    for (int s = 0; s < layout_.servers; ++s)
      servers_.push_back({std::make_unique<Server>(context_, s), layout_.server(s)});
    for (int w = 0; w < layout_.workers; ++w)
      workers_.push_back({std::make_unique<SimulatedWorker>(context_, schedule_, w, gradients),
                          layout_.worker(w)});
  }

  End Run() {
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
      EXPECT_EQ(result.report.examples, steps_ * plan_.slices * kSliceExamples);
      // Each slice's losses sum to 0.5, before a resume and after it.
      EXPECT_EQ(result.report.progressive_logloss, steps_ == 0 ? 0 : 0.5 / kSliceExamples);
    } catch (const Error& error) {
      why_ = error.what();
      network_.Crash(layout_.coordinator());  // as its process ends
    }
    // Everybody else ends as well: in order, because somebody was lost, or at a deadline.
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
    EXPECT_LT(network_.most_waiting(), plan_.most_waiting);
    return end;
  }

  std::uint64_t events() const { return events_; }
  std::uint64_t sent(FrameType type) const { return network_.sent(type); }
  double VirtualSeconds() const {
    return std::chrono::duration<double>(Clock::now() - began_).count();
  }
  std::uint64_t steps() const { return steps_; }
  std::uint64_t resumed_at() const { return start_.value_or(0); }
  const std::string& why() const { return why_; }

 private:
  template <typename T>
  struct Live {
    std::unique_ptr<T> role;
    RoleId id;
    bool ended = false;
    bool crashed = false;
  };

  std::optional<std::uint64_t> NewestCheckpoint() const {
    const auto steps = checkpoints_.Steps();
    return steps.empty() ? std::nullopt : std::optional(steps.back());
  }

  // Something happens, at random. False: nothing can before time goes on.
  bool Pump() {
    if (events_++ == plan_.when) Disturb();
    const auto role = network_.OneWithFrames();
    if ((!role || random_() % 3 == 0) && network_.DeliverOne()) return true;
    if (role) {
      StepRole(*role);
    } else {
      LetTimePass();
    }
    return role.has_value();
  }

  void StepRole(RoleId role) {
    if (role < layout_.worker(0)) {
      StepServer(servers_[role - layout_.server(0)]);
    } else {
      StepWorker(workers_[role - layout_.worker(0)]);
    }
  }

  // Those who wait look at the clock.
  void LetTimePass() {
    for (auto& server : servers_) {
      if (!server.ended) StepServer(server);
    }
    for (auto& worker : workers_) {
      if (Ended(worker) || worker.role->waits_since() + kPatience > Clock::now()) continue;
      worker.crashed = true;
      network_.Crash(worker.id);
    }
  }

  static bool Ended(const Live<SimulatedWorker>& worker) {
    return worker.crashed || worker.role->done() || worker.role->failed();
  }

  bool AllEnded() const {
    return std::all_of(servers_.begin(), servers_.end(),
                       [](auto& server) { return server.ended; }) &&
           std::all_of(workers_.begin(), workers_.end(),
                       [](auto& worker) { return Ended(worker); });
  }

  // Its process is gone. Where a cut swallowed its word to stop, the transport of the other side
  // hears nothing for one deadline and says that it is lost (TcpTransport, MpiTransport).
  void NoticeTheCoordinatorsSilence(Clock::time_point ended) {
    const auto deadline = std::chrono::duration<double>(kTimeoutSeconds);
    if (plan_.fault != Fault::kCut || coordinator_lost_ || Clock::now() - ended < deadline) return;
    coordinator_lost_ = true;
    network_.Crash(layout_.coordinator());
  }

  // One after the other: the order in which arguments are evaluated is the compiler's.
  void Cut() {
    const auto from = static_cast<RoleId>(random_() % layout_.roles.size());
    const auto to = static_cast<RoleId>(random_() % layout_.roles.size());
    network_.Cut(from, to);
  }

  // Who has not ended, by number.
  std::string Waiting() const {
    std::string text;
    for (std::size_t s = 0; s < servers_.size(); ++s)
      if (!servers_[s].ended) text += fmt::format("server {} ", s);
    for (std::size_t w = 0; w < workers_.size(); ++w)
      if (!Ended(workers_[w])) text += fmt::format("worker {} ", w);
    return text;
  }

  void StepServer(Live<Server>& server) {
    try {
      server.ended = !server.role->Step(Clock::now());
      if (server.ended) network_.Close(server.id);
    } catch (const Error&) {
      server.ended = true;
      network_.Crash(server.id);
    }
  }

  void StepWorker(Live<SimulatedWorker>& worker) {
    const auto frame = network_.mailbox(worker.id).Take(Clock::now());
    worker.role->Handle(*frame);
    if (worker.role->failed() && !worker.crashed) {
      worker.crashed = true;
      network_.Crash(worker.id);
    }
  }

  void Disturb() {
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

  Plan plan_;
  Random& random_;
  fs::path output_;
  CheckpointDir checkpoints_{output_ / "checkpoints"};
  ModelSpec spec_ = Spec();
  Layout layout_;
  Network network_;
  std::optional<std::uint64_t> start_;
  RunContext context_;
  Schedule schedule_;
  std::vector<Live<Server>> servers_;
  std::vector<Live<SimulatedWorker>> workers_;
  std::uint64_t events_ = 0;
  std::uint64_t steps_ = 0;
  Clock::time_point began_ = Clock::now();
  bool stop_asked_ = false;
  bool coordinator_lost_ = false;  // and all others were told
  std::string why_;
};

Gradients& AllGradients() {
  static Gradients gradients(Spec().tables, kDenseFloats, kSlices, kSteps);
  return gradients;
}

// The model of a run that nobody disturbs.
const ScratchDir& Reference() {
  static const auto dir = [] {
    auto made = std::make_unique<ScratchDir>();
    Random random(0);
    Plan plan = MakePlan(random, Consistency::kSync, false);
    EXPECT_EQ(Attempt(plan, made->path(), random, AllGradients()).Run(), Attempt::End::kDone);
    return made;
  }();
  return *dir;
}

// How often each fault came to pass, over all seeds, and how often a run went on from a checkpoint.
struct Happened {
  std::map<Fault, int> faults;
  int resumed = 0;
};

void Simulate(std::uint64_t seed, bool tell, Happened* happened) {
  Random random(seed);
  const Consistency consistency = random() % 4 > 1    ? Consistency::kSync
                                  : random() % 2 == 0 ? Consistency::kBounded
                                                      : Consistency::kAsync;
  const ScratchDir scratch;
  std::string story =
      "seed " + std::to_string(seed) + ", " + std::string(NameOf(consistency)) + "\n";
  for (int attempt = 1; attempt <= kMaxAttempts; ++attempt) {
    const Plan plan = MakePlan(random, consistency, attempt <= kFaultyAttempts);
    SCOPED_TRACE(story);
    if (fs::is_regular_file(scratch.path() / "checkpoints"))
      fs::remove(scratch.path() / "checkpoints");
    Attempt run(plan, scratch.path(), random, AllGradients());
    const auto end = run.Run();
    if (run.events() > plan.when) ++happened->faults[plan.fault];
    happened->resumed += run.resumed_at() > 0 ? 1 : 0;
    story += fmt::format(
        "  from step {}, {} servers, {} workers, a checkpoint every {} steps; {} at "
        "event {} of {}: {}\n",
        run.resumed_at(), plan.config.cluster.servers, plan.config.cluster.workers,
        plan.config.checkpoint.every_steps, NameOf(plan.fault), plan.when, run.events(),
        end == Attempt::End::kDone      ? "done"
        : end == Attempt::End::kStopped ? "stopped"
                                        : run.why());
    if (plan.fault == Fault::kNone) {
      EXPECT_EQ(end, Attempt::End::kDone) << story;
    }
    if (plan.fault == Fault::kStop) {
      EXPECT_NE(end, Attempt::End::kFailed) << story;
    }
    if (end == Attempt::End::kStopped) {
      EXPECT_EQ(CheckpointDir(scratch.path() / "checkpoints").Steps().back(), run.steps()) << story;
    }
    if (end != Attempt::End::kDone) continue;
    EXPECT_EQ(run.steps(), kSteps);
    if (consistency == Consistency::kSync) {
      EXPECT_EQ(CompareModels(Reference().path() / "model", scratch.path() / "model"), "") << story;
    }
    if (tell) std::printf("%s", story.c_str());
    return;
  }
  ADD_FAILURE() << "never done:\n" << story;
}

TEST(Simulation, EverySeedEndsInOneModel) {
  Happened happened;
  if (const char* seed = std::getenv("FATHOM_SIM_SEED"))
    return Simulate(std::strtoull(seed, nullptr, 10), true, &happened);
  const char* const wanted = std::getenv("FATHOM_SIM_SEEDS");
  const std::uint64_t seeds = wanted == nullptr ? kSeeds : std::strtoull(wanted, nullptr, 10);
  for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed)
    Simulate(seed, false, &happened);
  if (seeds < 100) return;
  for (const Fault fault :
       {Fault::kNone, Fault::kCrash, Fault::kCut, Fault::kRepeat, Fault::kDisk, Fault::kStop})
    EXPECT_GT(happened.faults[fault], 0) << NameOf(fault);
  EXPECT_GT(happened.resumed, 0);
}

// A cluster of hundreds of ranks: the run ends in the model of one worker and one server, each step
// takes three frames for each pair of a worker and a server and one of each worker to the
// coordinator, and no deadline passes meanwhile.
TEST(LargeSimulation, SixtyFourServersEndInTheSameModel) {
  constexpr int kServers = 64;
  constexpr int kWorkers = FATHOM_SIM_WORKERS;  // 1,000; 100 under a sanitizer
  Random random(1);
  Plan plan = MakePlan(random, Consistency::kSync, false);
  plan.steps = 2;
  plan.slices = kWorkers;
  plan.config.train.batch_size = plan.slices * kSliceExamples;
  plan.config.checkpoint.every_steps = 1;
  plan.config.cluster.servers = 1;
  plan.config.cluster.workers = 1;
  Gradients gradients(Spec().tables, kDenseFloats, plan.slices, plan.steps);
  const ScratchDir one, many;
  EXPECT_EQ(Attempt(plan, one.path(), random, gradients).Run(), Attempt::End::kDone);
  plan.config.cluster.servers = kServers;
  plan.config.cluster.workers = kWorkers;
  plan.most_waiting = 4 * std::size_t{kWorkers + kServers};
  Attempt attempt(plan, many.path(), random, gradients);
  EXPECT_EQ(attempt.Run(), Attempt::End::kDone) << attempt.why();
  EXPECT_EQ(CompareModels(one.path() / "model", many.path() / "model"), "");
  const std::uint64_t pairs = std::uint64_t{kWorkers} * kServers;
  for (const FrameType type : {FrameType::kPull, FrameType::kRows, FrameType::kPush})
    EXPECT_EQ(attempt.sent(type), plan.steps * pairs);
  EXPECT_EQ(attempt.sent(FrameType::kStepDone), plan.steps * kWorkers);
  EXPECT_LT(attempt.VirtualSeconds(), kTimeoutSeconds);
}

}  // namespace
}  // namespace fathom::simulation
