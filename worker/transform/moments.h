// Mean and variance of numbers.
#pragma once

#include <cmath>
#include <cstdint>

namespace fathom {

struct Moments {
  std::uint64_t numbers = 0;
  double mean = 0;
  double squares = 0;  // sum of squared deviations from the mean

  // Welford 1962.
  void Add(double x) {
    ++numbers;
    const double delta = x - mean;
    mean += delta / static_cast<double>(numbers);
    squares += delta * (x - mean);
  }

  // Chan, Golub and LeVeque 1979. The bits depend on the order of the merges.
  void Merge(const Moments& later) {
    if (later.numbers == 0) return;
    const double a = static_cast<double>(numbers), b = static_cast<double>(later.numbers);
    const double delta = later.mean - mean;
    mean += delta * b / (a + b);
    squares += later.squares + delta * delta * a * b / (a + b);
    numbers += later.numbers;
  }

  // 1 where all numbers are equal, or there is none: what is divided by it stays. Not finite where
  // their squares are not.
  double Stddev() const {
    const double variance = numbers == 0 ? 0 : squares / static_cast<double>(numbers);
    return variance > 0 || std::isnan(variance) ? std::sqrt(variance) : 1;
  }
};

}  // namespace fathom
