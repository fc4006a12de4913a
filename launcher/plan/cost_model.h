// What a step costs: time by stage as a sum of counted things (keys, floats, multiplications), each
// times a price that a calibration of this machine has found, put together along the path that a
// step has to take.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "common/model/model_spec.h"
#include "common/profile/stage.h"
#include "launcher/plan/data_sample.h"

namespace fathom {

// Stages with prices of their own. The first ones are a worker's, for its part of a batch; the
// others a server's, for its share of all workers' keys.
enum class PricedStage {
  kCompute,
  kRowGradients,
  kPush,
  kHandOver,  // what a step takes beyond the stages on its way: rows copied, threads woken
  kTcp,       // what kHandOver takes more over TCP
  kDecode,
  kFind,
  kEncode,
  kUpdate,
};
inline constexpr std::size_t kPricedStages = 9;
std::string NameOf(PricedStage stage);

// The stage of a run whose time it is; kHandOver and kTcp are no single one's.
std::optional<Stage> MeasuredAs(PricedStage stage);

// One step of a layout.
struct StepLoad {
  const ModelSpec* spec = nullptr;
  PartLoad part;       // of one worker
  double workers = 1;  // that share a step (sync), or take turns
  double servers = 1;
  double table_bytes = 0;        // of one server's tables
  std::vector<double> new_rows;  // by table: rows that the step creates, on average
};

// What the stage's time is a sum of.
std::vector<double> CountsOf(PricedStage stage, const StepLoad& load);

// Seconds, by count; empty: not calibrated.
using Prices = std::array<std::vector<double>, kPricedStages>;

double SecondsOf(PricedStage stage, const StepLoad& load, const Prices& prices);

// Prices >= 0 for which the relative errors of all samples (counts and seconds) are least.
struct PriceSample {
  std::vector<double> counts;
  double seconds = 0;
};
std::vector<double> FitPrices(const std::vector<PriceSample>& samples);

// Bytes between one worker and the servers for one step.
struct Traffic {
  double sent = 0;      // keys and gradients
  double asked = 0;     // of that the keys, which go a step ahead
  double received = 0;  // rows and dense parameters
};
Traffic TrafficOf(const StepLoad& load);

}  // namespace fathom
