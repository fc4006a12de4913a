// What a training run begins with: initial values, a checkpoint (`resume`), another model
// (`warm_start.model`).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

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

// What training begins with as far as the data must know it.
struct EarlierModel {
  std::string transforms_json;  // that what is learnt of the data goes on from; empty: none
  std::string digest;           // of the model of warm_start.model; empty: it was not read
};

// Every rank calls this before the data are opened. A run that goes on from a checkpoint goes on
// with its transforms, as long as the model that the checkpoint began with is not there itself.
// Throws Error(kUsage) where the config gives a column, cross or join of the model in
// warm_start.model another meaning: names the settings with both values.
EarlierModel FindEarlierModel(const Config& config, MpiSession& mpi);

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
