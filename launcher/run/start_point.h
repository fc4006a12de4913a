// What a training run begins with: initial values, a checkpoint (`resume`), another model
// (`warm_start.model`).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "common/config/config.h"
#include "common/model/manifest.h"
#include "common/run/checkpoint_dir.h"
#include "common/run/model_identity.h"
#include "common/run/run_context.h"
#include "launcher/cluster/mpi_session.h"
#include "worker/data/example_source.h"

namespace fathom {

struct StartPoint {
  StartFrom from = StartFrom::kNew;
  std::filesystem::path dir;           // what is read, unless it is kNew
  std::optional<ModelIdentity> model;  // of what lies there, as rank 0 has found it
  std::uint64_t step = 0;
  TrainingProgress progress;      // rank 0: before this run
  std::optional<BestSoFar> best;  // rank 0: before this run, its model beside the checkpoints
  ModelOrigin origin;             // rank 0: of what this run trains
};

// Where this config's checkpoints lie.
CheckpointDir CheckpointsOf(const Config& config);

// Throws Error(kUsage) where the config says `resume = "no"` and there are checkpoints: nobody has
// said whether to go on from them or to put them aside. Rank 0 calls this before anything that
// takes long.
void RefuseForgottenCheckpoints(const Config& config);

// All ranks call this; rank 0 looks and decides. `resume = "auto"` takes the newest complete
// checkpoint whose files are whole (it reads them all), and warns of any that is damaged;
// `resume = "restart"` begins anew. The checkpoints in output.dir that the run does not go on from
// are put aside: those of later steps, and all where it begins anew or elsewhere. `data` is the
// packed training data. Throws Error(kModel) where the checkpoint asked for is damaged,
// Error(kUsage) where it is of another config or of other data, or beyond the end of training.
StartPoint ChooseStart(const Config& config, const ExampleSource& data, MpiSession& mpi);

}  // namespace fathom
