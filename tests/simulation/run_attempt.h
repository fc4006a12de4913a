// One start of a simulated run: a coordinator, servers and workers in one thread, and what disturbs
// them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/model/model_spec.h"
#include "common/run/checkpoint_dir.h"
#include "common/run/run_context.h"
#include "common/schedule/layout.h"
#include "common/schedule/schedule.h"
#include "server/service/server.h"
#include "tests/simulation/simulated_network.h"
#include "tests/simulation/simulated_worker.h"

namespace fathom::simulation {

constexpr std::uint64_t kSteps = 8;
constexpr std::uint32_t kSlices = 4;
constexpr std::int64_t kSliceExamples = 8;
constexpr std::size_t kDenseFloats = 32;

ModelSpec RunSpec();

enum class Fault { kNone, kCrash, kCut, kRepeat, kDisk, kStop };

const char* NameOf(Fault fault);

// One seed's choices, for reading.
struct Plan {
  Config config;
  Fault fault = Fault::kNone;
  std::uint64_t when = 0;  // the event before which it happens
};

Plan MakePlan(Random& random, Consistency consistency, bool may_fail);

// One start of the run, disturbed as its plan says.
class Attempt {
 public:
  enum class End { kDone, kStopped, kFailed };

  Attempt(const Plan& plan, const std::filesystem::path& output, Random& random,
          Gradients& gradients);

  End Run();

  std::uint64_t events() const { return events_; }
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

  std::optional<std::uint64_t> NewestCheckpoint() const;

  double VirtualSeconds() const;

  // Everybody but the coordinator ends as well: in order, because somebody was lost, or at a
  // deadline.
  void AwaitTheOthers(End end);

  // Something happens, at random. False: nothing can before time goes on.
  bool Pump();

  // Those who wait look at the clock.
  void LetTimePass();

  static bool Ended(const Live<SimulatedWorker>& worker) {
    return worker.crashed || worker.role->done() || worker.role->failed();
  }

  bool AllEnded() const;

  // Its process is gone. Where a cut swallowed its word to stop, the transport of the other side
  // hears nothing for one deadline and says that it is lost (TcpTransport, MpiTransport).
  void NoticeTheCoordinatorsSilence(Clock::time_point ended);

  // One after the other: the order in which arguments are evaluated is the compiler's.
  void Cut();

  // Who has not ended, by number.
  std::string Waiting() const;

  void StepServer(Live<Server>& server);

  void StepWorker(Live<SimulatedWorker>& worker);

  void Disturb();

  Plan plan_;
  Random& random_;
  std::filesystem::path output_;
  CheckpointDir checkpoints_{output_ / "checkpoints"};
  ModelSpec spec_ = RunSpec();
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

}  // namespace fathom::simulation
