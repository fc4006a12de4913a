// A plan of a run that is about to begin, or of one that is only asked about.
#pragma once

#include <cstdint>
#include <optional>

#include "common/layout.h"
#include "common/model_spec.h"
#include "launcher/calibration.h"
#include "launcher/plan.h"
#include "launcher/run.h"

namespace fathom {

struct Forecast {
  DataSample sample;
  PartLoad part;
  MemoryPlan memory;
  std::optional<TimePlan> time;  // nothing: this machine is not calibrated
};

// Looks at the data for so many seconds at most.
Forecast MakeForecast(const Config& config, const ModelSpec& spec, const Layout& layout,
                      const RunData& data, const ClusterShape& shape,
                      const std::optional<Calibration>& calibration, double seconds);

// This host with nothing on it yet: asked early in a process, before it holds data.
ClusterShape ThisHost();

}  // namespace fathom
