#include "launcher/plan/row_growth.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fathom {
namespace {

constexpr int kBins = 100;
constexpr double kMaxExponent = 2;
constexpr double kExponentStep = 0.05;
constexpr double kValuesStep = 1.15;
constexpr double kMaxTimes = 1e5;  // so many values more than were seen

// Value v of [1, values + 1) comes with a probability that falls as v^-exponent.
class PowerLaw {
 public:
  PowerLaw(double values, double exponent) {
    const double ratio = std::pow(values + 1, 1.0 / kBins);
    double total = 0;
    for (int i = 0; i < kBins; ++i) {
      const double begin = std::pow(ratio, i), end = begin * ratio;
      const double mass =
          std::abs(exponent - 1) < 1e-9
              ? std::log(end / begin)
              : (std::pow(end, 1 - exponent) - std::pow(begin, 1 - exponent)) / (1 - exponent);
      bins_[i] = {end - begin, mass / (end - begin)};
      total += mass;
    }
    for (Bin& bin : bins_) bin.probability /= total;
  }

  double Distinct(double draws) const {
    double distinct = 0;
    for (const Bin& bin : bins_) distinct -= bin.values * std::expm1(-draws * bin.probability);
    return distinct;
  }

 private:
  struct Bin {
    double values = 0;
    double probability = 0;  // of each
  };
  Bin bins_[kBins];
};

double LawError(const PowerLaw& law, const std::vector<RowCount>& counts) {
  double error = 0;
  for (const RowCount& count : counts)
    error += std::pow(std::log(law.Distinct(count.draws) / count.rows), 2);
  return error;
}

}  // namespace

double DistinctValues(double values, double exponent, double draws) {
  return PowerLaw(values, exponent).Distinct(draws);
}

double ExtrapolateRows(const std::vector<RowCount>& counts, double draws) {
  const RowCount& last = counts.back();
  double best_error = std::numeric_limits<double>::infinity();
  double rows = last.rows;
  for (double exponent = 0; exponent <= kMaxExponent; exponent += kExponentStep) {
    for (double values = last.rows; values < kMaxTimes * last.rows; values *= kValuesStep) {
      const PowerLaw law(values, exponent);
      const double error = LawError(law, counts);
      if (error >= best_error) continue;
      best_error = error;
      rows = last.rows * law.Distinct(draws) / law.Distinct(last.draws);
    }
  }
  return rows;
}

}  // namespace fathom
