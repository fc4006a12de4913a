// The layers' products at the shapes of a slice of 256 examples: 432 x 256 x 128 x 64.
#include <benchmark/benchmark.h>

#include <vector>

#include "worker/model/matrix_product.h"

namespace fathom {
namespace {

void ForwardAndBackward(benchmark::State& state) {
  const int m = static_cast<int>(state.range(0)), k = static_cast<int>(state.range(1)),
            n = static_cast<int>(state.range(2));
  const auto matrix = [](int rows, int columns) {
    return std::vector<float>(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns),
                              0.5F);
  };
  const auto a = matrix(m, k), w = matrix(k, n), g = matrix(m, n);
  auto out = matrix(m, n), w_gradient = matrix(k, n), a_gradient = matrix(m, k);
  for (auto _ : state) {
    Product(a.data(), w.data(), m, k, n, out.data());
    TransposedLeftProduct(a.data(), g.data(), m, k, n, w_gradient.data());
    TransposedRightProduct(g.data(), w.data(), m, k, n, a_gradient.data());
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.counters["flop/s"] =
      benchmark::Counter(6.0 * m * k * n, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(ForwardAndBackward)
    ->Args({256, 432, 256})
    ->Args({256, 256, 128})
    ->Args({256, 128, 64})
    ->Args({256, 64, 1});

}  // namespace
}  // namespace fathom
