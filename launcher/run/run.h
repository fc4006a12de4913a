// A run from config to result on this process's part of the cluster: data, transport, roles.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "common/config/config.h"
#include "common/model/model_spec.h"
#include "common/run/run_context.h"
#include "common/schedule/layout.h"
#include "launcher/cluster/mpi_session.h"
#include "launcher/coordinator/coordinator.h"
#include "launcher/run/run_data.h"

namespace fathom {

struct RunRequest : RunTask {
  RunData data;
  CoordinatorInputs coordinator;  // rank 0
};

// The scoring of these examples by the model in `dir`.
RunRequest ScoringRequest(std::shared_ptr<ExampleSource> examples, const std::filesystem::path& dir,
                          const Manifest& model);

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
