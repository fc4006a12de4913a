// What ingest learns from the training examples: vocabularies, means, quantiles.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/key.h"

namespace fathom {

struct ColumnTransform {
  std::vector<Key> vocabulary;  // the values' keys, ascending
  double mean = 0;
  double stddev = 1;
  std::vector<double> boundaries;  // of the quantiles, ascending, without repeats
};

// By column name; only columns whose transform learns something.
using Transforms = std::map<std::string, ColumnTransform>;

// Whether the column's transform has to see the training examples first.
bool LearnsFromData(const ColumnConfig& column);

// The two steps of a numeric column's transform: log (log_standardise: first the log), and
// (x - mean) / standard deviation.
bool TakesLog(const ColumnConfig& column);
bool Standardises(const ColumnConfig& column);

// sign(x) log(1 + |x|).
double SignedLog(double x);

// SignedLog of 0, 1, 2, ... kLogsOfCounts - 1: most numbers of a click log are small counts.
inline constexpr std::uint32_t kLogsOfCounts = 16384;
const double* LogsOfCounts();

std::string TransformsToJson(const Transforms& transforms);

// Throws Error(kModel) where the text does not hold what the columns need.
Transforms TransformsFromJson(const std::string& text, const Config& config);

// The class of x: how many boundaries are <= x.
std::size_t BucketOf(const std::vector<double>& boundaries, double x);

}  // namespace fathom
