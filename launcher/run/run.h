// A run from config to result on this process's part of the cluster: data, transport, roles.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/model/model_spec.h"
#include "common/run/run_context.h"
#include "common/schedule/layout.h"
#include "launcher/cluster/mpi_session.h"
#include "launcher/coordinator/coordinator.h"
#include "worker/data/example_source.h"

namespace fathom {

// What the roles of this process read; null: none.
struct RunData {
  std::unique_ptr<ExampleSource> train;
  std::unique_ptr<ExampleSource> evaluation;
};

struct RunRequest {
  RunMode mode = RunMode::kTrain;
  RunData data;
  std::filesystem::path model_dir;       // kEvaluate: what is read
  std::optional<ModelIdentity> model;    // of what lies in model_dir, as rank 0 has found it
  std::filesystem::path save_dir;        // kTrain
  std::filesystem::path checkpoint_dir;  // kTrain
  bool sees_output = true;               // kTrain: these two, on rank 0's host (shared_output.h)
  StartFrom start = StartFrom::kNew;     // kTrain: else model_dir is read
  std::uint64_t start_step = 0;          // kTrain
  CoordinatorInputs coordinator;         // rank 0
  std::shared_ptr<StageLog> stages = std::make_shared<StageLog>();  // of this process
};

// Every rank calls this with the same config. Rank 0 gets the result; it is empty on the others.
// Throws Error as the roles do.
CoordinatorResult ExecuteRun(const Config& config, const ModelSpec& spec, const Layout& layout,
                             MpiSession& mpi, RunRequest request);

// The layout of this job, printed: a line a rank with its host and roles. From now on the session's
// waits have the config's deadline. Throws Error(kUsage) where the ranks do not have one config.
Layout PlanLayout(const Config& config, MpiSession& mpi);

// The peak resident memory of each process since ForgetPeakMemory: by all ranks.
std::vector<ProcessPeak> PeakResidentBytes(const Layout& layout, MpiSession& mpi);

}  // namespace fathom
