// Where the time of a run went: what all ranks measured, summed up by the kind of role.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/message/profile_message.h"
#include "common/schedule/layout.h"

namespace fathom {

inline constexpr const char* kOtherStages = "other";

// One stage, over all roles of a kind.
struct StageSummary {
  std::string name;   // as in metrics.jsonl: StageName, or kOtherStages
  std::string title;  // for people
  double share = 0;   // of the roles' time
  double seconds = 0;
  std::uint64_t count = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

struct ProfileReport {
  int workers = 0;
  int servers = 0;
  int threads = 0;  // a worker
  double cpu_cores_used = 0;
  double bytes_per_example_sent = 0;  // by the workers
  double bytes_per_example_received = 0;
  double unique_keys_per_batch = 0;  // distinct in each worker's part, summed over the workers
  double make_batch_seconds = 0;     // on the prefetch threads, in all
  double pull_p50_ms = 0, pull_p99_ms = 0;
  double push_p50_ms = 0, push_p99_ms = 0;
  // In the order of a step, and at last kOtherStages, the rest of the roles' time: shares sum to 1.
  std::vector<StageSummary> worker_stages;
  std::vector<StageSummary> server_stages;
};

class RunProfile {
 public:
  explicit RunProfile(const Layout& layout) : layout_(layout) {}

  // Adds what a rank measured. Throws Error(kPeer) where it names a role that the run has not.
  void Add(const ProfileMessage& message);

  // Of a run that took `seconds` and trained on `examples` in `steps`. Latencies of what never
  // happened and ratios to nothing are NaN.
  ProfileReport Report(double seconds, std::uint64_t examples, std::uint64_t steps,
                       int threads) const;

 private:
  // All roles' own threads of one kind.
  struct RoleTimes {
    std::array<LatencyHistogram, kStages> stages;
    double seconds = 0;  // from the first span to the last, without the wait for the end
  };

  RoleTimes& TimesOf(RoleKind kind) { return times_[static_cast<std::size_t>(kind)]; }
  const RoleTimes& TimesOf(RoleKind kind) const { return times_[static_cast<std::size_t>(kind)]; }
  RoleKind KindOf(RoleId role) const;

  const Layout& layout_;
  std::array<RoleTimes, 3> times_;  // by RoleKind
  double processor_seconds_ = 0;
  std::uint64_t worker_bytes_sent_ = 0;
  std::uint64_t worker_bytes_received_ = 0;
  std::uint64_t pulled_keys_ = 0;
};

// "worker time: compute 71 %, waiting for rows 12 %, ...": the largest first, what is below half a
// per cent left out.
std::string ShareLine(const std::string& whose, std::vector<StageSummary> stages);

}  // namespace fathom
