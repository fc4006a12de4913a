// What a training run begins with: initial values, a checkpoint (`resume`), another model
// (`warm_start.model`).
#pragma once

#include <cstdint>
#include <filesystem>

#include "common/config/config.h"
#include "common/model/manifest.h"
#include "common/run/checkpoint_dir.h"
#include "common/run/run_context.h"
#include "launcher/cluster/mpi_session.h"

namespace fathom {

struct StartPoint {
  StartFrom from = StartFrom::kNew;
  std::filesystem::path dir;  // what is read, unless it is kNew
  std::uint64_t step = 0;
  TrainingProgress progress;  // rank 0: before this run, with the data's fingerprint
};

// Where this config's checkpoints lie.
CheckpointDir CheckpointsOf(const Config& config);

// All ranks call this; rank 0 looks and decides. `resume = "auto"` takes the newest complete
// checkpoint whose files are whole (it reads them all), and warns of any that is damaged; a run
// that begins anew puts checkpoints of an older one aside, as checkpoints.old. `data` is the
// fingerprint of the packed training data. Throws Error(kModel) where the checkpoint asked for is
// damaged, Error(kUsage) where it is of another config or of other data.
StartPoint ChooseStart(const Config& config, const std::string& data, MpiSession& mpi);

}  // namespace fathom
