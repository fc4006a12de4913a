// A plan of a run that is about to begin, or of one that is only asked about.
#pragma once

#include <cstdint>
#include <optional>

#include "common/model/model_spec.h"
#include "common/schedule/layout.h"
#include "launcher/plan/calibration.h"
#include "launcher/plan/plan.h"
#include "launcher/run/run.h"

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
