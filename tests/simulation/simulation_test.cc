// A whole cluster in one thread, from one seed: the real coordinator and servers, and workers that
// do as the real ones, over a network that orders, delays, repeats, loses and cuts as the seed
// says, on a disk that fails when it says so. A run that was disturbed goes on from its last
// checkpoint, on another layout, until it is done.
//
//   simulation_tests                      as many seeds as FATHOM_SIM_SEEDS says
//                                         (1000; 100 under a sanitizer; 10000 in the big rounds)
//   FATHOM_SIM_SEED=N simulation_tests    this one alone, told step by step
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "common/model/model_compare.h"
#include "tests/simulation/run_attempt.h"
#include "tests/support/scratch_dir.h"

namespace fathom::simulation {
namespace {

namespace fs = std::filesystem;
using testing::ScratchDir;

constexpr std::uint64_t kSeeds = FATHOM_SIM_SEEDS;
constexpr int kMaxAttempts = 8;
constexpr int kFaultyAttempts = 3;

Gradients& AllGradients() {
  static Gradients gradients(RunSpec().tables, kDenseFloats, kSlices, kSteps);
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
  Gradients gradients(RunSpec().tables, kDenseFloats, plan.slices, plan.steps);
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
