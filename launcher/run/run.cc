#include "launcher/run/run.h"

#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "common/log_line.h"
#include "common/processor.h"
#include "common/run/model_identity.h"
#include "launcher/run/process_memory.h"
#include "launcher/run/role_threads.h"
#include "launcher/run/run_transports.h"
#include "launcher/run/same_config.h"

namespace fathom {

Layout PlanLayout(const Config& config, MpiSession& mpi) {
  mpi.SetTimeout(config.cluster.timeout_seconds);
  RefuseMixedConfigs(config, mpi);
  Layout layout = MakeLayout(mpi.hosts(), config.cluster, Partitions(config.server.partitions));
  for (int rank = 0; rank < layout.ranks(); ++rank) {
    std::string names;
    for (const Role& role : RolesOf(layout, rank))
      names += (names.empty() ? "" : ", ") + RoleName(role);
    LogInfo("rank {} on {}: {}", rank, layout.hosts[static_cast<std::size_t>(rank)], names);
  }
  LogInfo("vector instructions: {}", NameOf(ChosenVectors()));
  return layout;
}

RunRequest ScoringRequest(std::shared_ptr<ExampleSource> examples, const std::filesystem::path& dir,
                          const Manifest& model) {
  RunRequest request;
  request.mode = RunMode::kEvaluate;
  request.data.evaluation = std::move(examples);
  request.model_dir = dir;
  request.model = IdentityOf(model);
  return request;
}

CoordinatorResult ExecuteRun(const Config& config, const ModelSpec& spec, const Layout& layout,
                             MpiSession& mpi, RunRequest request) {
  const ExampleSource* const train = request.data.train.get();
  const ExampleSource* const evaluation = request.data.evaluation.get();
  const RunTransports here = ConnectRoles(config, layout, mpi);
  const RunFacts facts{request,
                       config,
                       spec,
                       here.layout,
                       train ? train->examples() : 0,
                       evaluation ? evaluation->examples() : 0};
  return PlayRoles(
      facts, here,
      {.train = train, .evaluation = evaluation, .coordinator = std::move(request.coordinator)});
}

std::vector<ProcessPeak> PeakResidentBytes(const Layout& layout, MpiSession& mpi) {
  const std::uint64_t mine = PeakMemory();
  std::vector<ProcessPeak> peaks;
  for (const auto& bytes : mpi.AllGather(std::as_bytes(std::span(&mine, 1)))) {
    std::uint64_t one;
    std::memcpy(&one, bytes.data(), sizeof(one));
    peaks.push_back({KindsOf(layout, static_cast<int>(peaks.size())), one});
  }
  return peaks;
}

}  // namespace fathom
