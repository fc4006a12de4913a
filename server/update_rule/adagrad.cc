#include "server/update_rule/adagrad.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace fathom {
namespace {

// A sum of squares is kept in this many lanes, element i in lane i modulo kLanes.
constexpr std::size_t kLanes = 16;

float SumOfSquares(std::span<const float> gradients, const float* weights, float l2) {
  float lanes[kLanes] = {};
  const float* g = gradients.data();
  std::size_t i = 0;
  for (; i + kLanes <= gradients.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const float regularised = g[i + lane] + l2 * weights[i + lane];
      lanes[lane] += regularised * regularised;
    }
  }
  for (std::size_t lane = 0; i < gradients.size(); ++i, ++lane) {
    const float regularised = g[i] + l2 * weights[i];
    lanes[lane] += regularised * regularised;
  }
  for (std::size_t width = kLanes / 2; width > 0; width /= 2) {
    for (std::size_t lane = 0; lane < width; ++lane) lanes[lane] += lanes[lane + width];
  }
  return lanes[0];
}

}  // namespace

void AdaGrad::UpdateElements(std::span<const float> gradients, float* __restrict weights,
                             float* __restrict accumulators) const {
  const float* __restrict g = gradients.data();
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const float regularised = g[i] + l2_ * weights[i];
    accumulators[i] += regularised * regularised;
    weights[i] -= learning_rate_ * regularised / std::sqrt(accumulators[i]);
  }
}

void AdaGrad::UpdateRow(std::span<const float> gradients, float* __restrict weights,
                        float* __restrict accumulator) const {
  const float* __restrict g = gradients.data();
  *accumulator += SumOfSquares(gradients, weights, l2_) / static_cast<float>(gradients.size());
  const float rate = learning_rate_ / std::sqrt(*accumulator);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    weights[i] -= rate * (g[i] + l2_ * weights[i]);
  }
}

bool AllFinite(std::span<const float> values) {
  // As integers without the sign, infinity and all NaNs are the largest floats.
  std::uint32_t largest = 0;
  for (const float value : values) {
    largest = std::max(largest, std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFU);
  }
  return largest < 0x7F800000U;
}

}  // namespace fathom
