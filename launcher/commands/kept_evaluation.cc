#include "launcher/commands/kept_evaluation.h"

#include <utility>

#include "launcher/run/one_model.h"
#include "launcher/run/run.h"

namespace fathom {

Metrics EvaluateKept(const Config& config, const ModelSpec& spec, const Layout& layout,
                     const std::filesystem::path& model, std::shared_ptr<ExampleSource> part,
                     MpiSession& mpi) {
  const OneModel one(config, layout, model, mpi);
  RunRequest request = ScoringRequest(std::move(part), one.dir(), one.model().manifest);
  return ExecuteRun(config, spec, layout, mpi, std::move(request)).report.metrics;
}

}  // namespace fathom
