// An evaluation of 10^6 examples: AUC and its interval, log loss, accuracy, calibration, and with
// groups the AUC of each.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "common/metrics/metrics.h"
#include "common/random.h"

namespace fathom {
namespace {

constexpr std::size_t kExamples = 1000000;

struct Evaluation {
  std::vector<float> logits;
  std::vector<std::uint8_t> labels;
  std::vector<Key> groups;
};

// Logits around -1 that tell something about the labels; `groups` of 0: not grouped.
Evaluation Make(std::uint64_t groups) {
  Evaluation made;
  for (std::size_t i = 0; i < kExamples; ++i) {
    const double logit = 4 * (UnitDouble(Mix64(i, 1)) + UnitDouble(Mix64(i, 2))) - 5;
    made.logits.push_back(static_cast<float>(logit));
    made.labels.push_back(UnitDouble(Mix64(i, 3)) < Sigmoid(logit) ? 1 : 0);
    if (groups > 0) made.groups.push_back(Mix64(Mix64(i, 4) % groups));
  }
  return made;
}

void AllMetrics(benchmark::State& state) {
  const Evaluation made = Make(static_cast<std::uint64_t>(state.range(0)));
  double auc = 0;
  for (auto _ : state) auc = ComputeMetrics(made.logits, made.labels, made.groups).auc;
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kExamples));
  state.counters["auc"] = auc;
}
BENCHMARK(AllMetrics)->ArgName("groups")->Arg(0)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fathom
