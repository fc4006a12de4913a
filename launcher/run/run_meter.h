// Measures a training run on all ranks, and collects what they measured on rank 0.
#pragma once

#include <memory>
#include <optional>

#include "common/config/config.h"
#include "common/profile/stage_log.h"
#include "common/schedule/layout.h"
#include "launcher/cluster/mpi_session.h"
#include "launcher/coordinator/run_profile.h"
#include "launcher/coordinator/trace_file.h"

namespace fathom {

// Thread rule: the main thread. Every rank makes the same calls in the same order.
class RunMeter {
 public:
  // Before the run; from now on a process's peak memory is that of the run. With train.trace reads
  // the ranks' clocks and begins trace.json, which throws Error(kTraining) where it cannot be
  // written.
  RunMeter(const Config& config, const Layout& layout, MpiSession& mpi);

  // Where this process's roles record their stages.
  const std::shared_ptr<StageLog>& stages() const { return stages_; }

  // After the run, which trained on `examples` in `steps` (rank 0 knows). Rank 0 gets the report of
  // all ranks and writes their spans to the trace.
  ProfileReport Gather(std::uint64_t examples, std::uint64_t steps);

  // Rank 0, after Gather: trace.json is whole. Throws Error(kTraining) where writing failed.
  void FinishTrace();

 private:
  const Config& config_;
  const Layout& layout_;
  MpiSession& mpi_;
  std::shared_ptr<StageLog> stages_;
  ClockReading clock_at_start_;
  std::optional<TraceFile> trace_;  // rank 0, if traced
  double processor_seconds_;        // at the start
  Clock::time_point started_;
};

}  // namespace fathom
