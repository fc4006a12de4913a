// The layers' products at the shapes of a slice of 256 examples: 432 x 256 x 128 x 64. The weights
// are transposed once a step, not once a slice, and not here.
#include <benchmark/benchmark.h>

#include <vector>

#include "worker/model/row_products.h"

namespace fathom {
namespace {

void ForwardAndBackward(benchmark::State& state) {
  const auto m = static_cast<std::size_t>(state.range(0)),
             k = static_cast<std::size_t>(state.range(1)),
             n = static_cast<std::size_t>(state.range(2));
  const auto rows_of = [m](const std::vector<float>& values, std::size_t width) {
    std::vector<const float*> rows;
    for (std::size_t e = 0; e < m; ++e) rows.push_back(values.data() + e * width);
    return rows;
  };
  const std::vector<float> a(m * k, 0.5F), w(k * n, 0.5F), g(m * n, 0.5F);
  std::vector<float> out(m * n), w_gradient(k * n), a_gradient(m * k);
  const auto inputs = rows_of(a, k), gradients = rows_of(g, n);
  const std::span<const float*const> in(inputs), back(gradients);
  for (auto _ : state) {
    MultiplyRows(in, w.data(), k, n, out.data());
    for (std::size_t e = 0; e < m; e += 64)
      MultiplyOuter(in.subspan(e, 64), back.subspan(e, 64), k, n, e > 0, w_gradient.data());
    MultiplyRows(back, w.data(), n, k, a_gradient.data());
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.counters["flop/s"] = benchmark::Counter(6.0 * static_cast<double>(m * k * n),
                                                benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(ForwardAndBackward)
    ->Args({256, 432, 256})
    ->Args({256, 256, 128})
    ->Args({256, 128, 64})
    ->Args({256, 64, 1});

}  // namespace
}  // namespace fathom
