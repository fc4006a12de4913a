#include "launcher/plan/forecast.h"

#include <thread>

#include "launcher/run/process_memory.h"

namespace fathom {
namespace {

// What a process touches of itself and its libraries by the end of a run.
constexpr std::uint64_t kLaterBytes = 16 << 20;

}  // namespace

Forecast MakeForecast(const Config& config, const ModelSpec& spec, const Layout& layout,
                      const RunData& data, const ClusterShape& shape,
                      const std::optional<Calibration>& calibration, double seconds) {
  Forecast forecast;
  forecast.part = SamplePart(*data.train, config, spec, PartsOf(config, layout));
  forecast.sample = SampleData(*data.train, data.evaluation.get(), config, spec, {seconds});
  KeepToLimit(config, spec, &forecast.sample);
  forecast.memory = PlanMemory(config, spec, layout, forecast.sample, forecast.part, shape);
  if (calibration) {
    forecast.time =
        PlanTime(config, spec, layout, forecast.sample, forecast.part, shape, calibration->prices);
  }
  return forecast;
}

ClusterShape ThisHost() {
  return {.cores = static_cast<int>(std::thread::hardware_concurrency()),
          .network_bytes_per_second = 0,
          .base_bytes = ResidentMemory() + kLaterBytes};
}

}  // namespace fathom
