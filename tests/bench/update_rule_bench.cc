// The update rules by themselves: a step of 4,096 rows of dimension 16 that lie in cache.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <span>
#include <vector>

#include "common/config/config.h"
#include "common/random.h"
#include "server/update_rule/adagrad.h"
#include "server/update_rule/ftrl.h"

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

void FtrlOneWeightARow(benchmark::State& state) {
  const Ftrl ftrl{WideConfig{}};
  const std::vector<float> gradients = Gradients(kRows);
  std::vector<float> rows(2 * kRows);  // z, n
  for (auto _ : state) {
    for (std::size_t r = 0; r < kRows; ++r)
      ftrl.Update(gradients[r], &rows[2 * r], &rows[2 * r + 1]);
    benchmark::ClobberMemory();
  }
  CountRows(state);
}
BENCHMARK(FtrlOneWeightARow)->Unit(benchmark::kMicrosecond);

// `update` takes a row's gradients, weights and accumulators: kDim weights, then accumulators.
template <typename Update>
void AdaGradRows(benchmark::State& state, std::size_t accumulators, const Update& update) {
  const std::vector<float> gradients = Gradients(kRows * kDim);
  const std::size_t row_floats = kDim + accumulators;
  std::vector<float> rows(kRows * row_floats, kInitialAccumulator);
  for (auto _ : state) {
    for (std::size_t r = 0; r < kRows; ++r) {
      float* const row = rows.data() + r * row_floats;
      update(std::span(gradients).subspan(r * kDim, kDim), row, row + kDim);
    }
    benchmark::ClobberMemory();
  }
  CountRows(state);
}

const DeepConfig kDeep;

void AdaGradByRow(benchmark::State& state) {
  const AdaGrad adagrad(kDeep.learning_rate, kDeep.l2);
  AdaGradRows(state, 1, [&](auto gradients, float* weights, float* accumulator) {
    adagrad.UpdateRow(gradients, weights, accumulator);
  });
}
BENCHMARK(AdaGradByRow)->Unit(benchmark::kMicrosecond);

void AdaGradByElement(benchmark::State& state) {
  const AdaGrad adagrad(kDeep.learning_rate, kDeep.l2);
  AdaGradRows(state, kDim, [&](auto gradients, float* weights, float* accumulators) {
    adagrad.UpdateElements(gradients, weights, accumulators);
  });
}
BENCHMARK(AdaGradByElement)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fathom
