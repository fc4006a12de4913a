#include "launcher/run/run_meter.h"

#include <sys/resource.h>

#include <filesystem>

#include "launcher/run/process_memory.h"

namespace fathom {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// User and system, of this process so far.
double ProcessorSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
}

}  // namespace

RunMeter::RunMeter(const Config& config, const Layout& layout, MpiSession& mpi)
    : config_(config),
      layout_(layout),
      mpi_(mpi),
      stages_(std::make_shared<StageLog>(config.train.trace ? kMaxTraceEvents : 0)) {
  if (config.train.trace) {
    clock_at_start_ = mpi.ReadClock();
    if (mpi.rank() == 0) {
      trace_.emplace(std::filesystem::path(config.output.dir) / "trace.json", layout,
                     Nanoseconds(Clock::now()));
    }
  }
  ForgetPeakMemory();
  processor_seconds_ = ProcessorSeconds();
  started_ = Clock::now();
}

ProfileReport RunMeter::Gather(std::uint64_t examples, std::uint64_t steps) {
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  const ProfileMessage mine{.processor_seconds = ProcessorSeconds() - processor_seconds_,
                            .clock_at_start = clock_at_start_,
                            .clock_at_end = config_.train.trace ? mpi_.ReadClock() : ClockReading{},
                            .traffic = stages_->traffic(),
                            .threads = stages_->TakeThreads()};
  RunProfile profile(layout_);
  mpi_.GatherOnFirst(EncodeProfile(mine).bytes(), [&](int rank, std::span<const std::byte> bytes) {
    const ProfileMessage message = DecodeProfile(bytes);
    profile.Add(message);
    if (trace_) trace_->Add(rank, message);
  });
  return profile.Report(seconds, examples, steps, static_cast<int>(config_.cluster.threads));
}

void RunMeter::FinishTrace() {
  if (trace_) trace_->Finish();
}

}  // namespace fathom
