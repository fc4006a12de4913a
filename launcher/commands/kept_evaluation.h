// The evaluation of the model that a training run has published as its best.
#pragma once

#include <filesystem>
#include <memory>

#include "common/config/config.h"
#include "common/metrics/metrics.h"
#include "common/model/model_spec.h"
#include "common/schedule/layout.h"
#include "launcher/cluster/mpi_session.h"
#include "worker/data/example_source.h"

namespace fathom {

// Every rank calls this, with its own part of the data and the folder of the model as rank 0 has
// it. Rank 0 gets the metrics. Throws Error as the roles do.
Metrics EvaluateKept(const Config& config, const ModelSpec& spec, const Layout& layout,
                     const std::filesystem::path& model, std::shared_ptr<ExampleSource> part,
                     MpiSession& mpi);

}  // namespace fathom
