// The update rules by themselves: a step of 4,096 rows of dimension 16 that lie in cache.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <span>
#include <vector>

#include "common/config/config.h"
#include "common/random.h"
#include "server/update_rule/update_rule.h"

namespace fathom {
namespace {

constexpr std::size_t kRows = 4096;
constexpr std::size_t kDim = 16;
constexpr float kInitialAccumulator = 0.1F;

// Of both signs, so that weights stay small however long it runs.
std::vector<float> Gradients(std::size_t count) {
  std::vector<float> gradients(count);
  for (std::size_t i = 0; i < count; ++i)
    gradients[i] = static_cast<float>(0.02 * UnitDouble(Mix64(i)) - 0.01);
  return gradients;
}

void CountRows(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRows));
  state.counters["s/row"] =
      benchmark::Counter(static_cast<double>(kRows), benchmark::Counter::kIsIterationInvariantRate |
                                                         benchmark::Counter::kInvert);
}

// `update` takes a row's gradients, weights and state: `dim` weights, then state.
template <typename Update>
void UpdateRows(benchmark::State& state, std::size_t dim, std::size_t state_floats,
                const Update& update) {
  const std::vector<float> gradients = Gradients(kRows * dim);
  const std::size_t row_floats = dim + state_floats;
  std::vector<float> rows(kRows * row_floats, kInitialAccumulator);
  for (auto _ : state) {
    for (std::size_t r = 0; r < kRows; ++r) {
      float* const row = rows.data() + r * row_floats;
      update(std::span(gradients).subspan(r * dim, dim), row, row + dim);
    }
    benchmark::ClobberMemory();
  }
  CountRows(state);
}

void OneWeightARow(benchmark::State& state, UpdateRuleKind kind) {
  WideConfig config;
  config.optimizer = kind;
  const auto rule = MakeUpdateRule(config);
  UpdateRows(state, 1, static_cast<std::size_t>(config.traits().states()),
             [&](auto gradients, float* weight, float* of_rule) {
               rule->Update(1, gradients, weight, of_rule, 1);
             });
}
BENCHMARK_CAPTURE(OneWeightARow, ftrl, UpdateRuleKind::kFtrl)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(OneWeightARow, adagrad, UpdateRuleKind::kAdaGrad)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(OneWeightARow, adam, UpdateRuleKind::kAdam)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(OneWeightARow, sgd, UpdateRuleKind::kSgd)->Unit(benchmark::kMicrosecond);

void AdaGradByRow(benchmark::State& state) {
  const auto rule = MakeUpdateRule(DeepConfig());
  UpdateRows(state, kDim, 1, [&](auto gradients, float* weights, float* accumulator) {
    rule->UpdateRow(1, gradients, weights, accumulator);
  });
}
BENCHMARK(AdaGradByRow)->Unit(benchmark::kMicrosecond);

void ByElement(benchmark::State& state, UpdateRuleKind kind) {
  DeepConfig config;
  config.optimizer = kind;
  const auto rule = MakeUpdateRule(config);
  UpdateRows(state, kDim, kDim * static_cast<std::size_t>(config.traits().states()),
             [&](auto gradients, float* weights, float* of_rule) {
               rule->Update(1, gradients, weights, of_rule, kDim);
             });
}
BENCHMARK_CAPTURE(ByElement, adagrad, UpdateRuleKind::kAdaGrad)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ByElement, adam, UpdateRuleKind::kAdam)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ByElement, sgd, UpdateRuleKind::kSgd)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fathom
