#include "launcher/plan/measured_run.h"

#include "common/file/scratch_folder.h"
#include "launcher/run/model_config.h"
#include "launcher/run/run.h"
#include "launcher/run/run_meter.h"
#include "worker/data/generated_data.h"

namespace fathom {
FinalReport MeasureRun(const Config& config, MpiSession& mpi) {
  const ScratchFolder scratch(TemporaryFolder(), "measure");
  const ModelSpec spec = MakeModelSpec(config);
  const Layout layout =
      MakeLayout(mpi.hosts(), config.cluster, Partitions(config.server.partitions));
  RunMeter meter(config, layout, mpi);
  RunRequest request;
  request.data.train = std::make_unique<GeneratedData>(config, GeneratedData::Part::kTrain);
  request.save_dir = scratch.path();
  request.checkpoint_dir = scratch.path() / "checkpoints";
  request.stages = meter.stages();
  request.coordinator.texts = {.config_toml = ModelConfigText(config), .transforms_json = "{}"};
  request.coordinator.stop_asked = [] { return false; };
  FinalReport report = ExecuteRun(config, spec, layout, mpi, std::move(request)).report;
  report.profile = meter.Gather(report.examples_now, report.steps);
  return report;
}

}  // namespace fathom
