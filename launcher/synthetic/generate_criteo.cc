#include "launcher/synthetic/generate_criteo.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>

#include "common/elementary.h"
#include "common/file/replaced_file.h"
#include "common/metrics/metrics.h"
#include "launcher/synthetic/generated_dir.h"
#include "launcher/synthetic/synthetic_truth.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCounts = 13;
constexpr std::size_t kCategories = 26;
constexpr int kPairFactors = 4;
constexpr double kZipf = 1.1;
constexpr double kClickRate = 0.25;
constexpr double kBestAuc = 0.80;
constexpr double kWeightShare = 0.5, kCurveShare = 0.12,
                 kPairShare = 0.38;  // of the logit's variance
constexpr std::uint64_t kCalibrationRows = 100000;

// How many values each category can take: from a handful to two million, five million in all.
constexpr std::array<std::uint64_t, kCategories> kValues = {
    1500, 600,   2000000, 500000, 300,  25,   12000, 650,    10, 90000, 5500,  1900000, 3200,
    30,   15000, 280000,  12,     5000, 2200, 15,    140000, 20, 100,   10000, 4000,    25000};
// Of these the share that is missing.
constexpr std::array<double, kCategories> kMissingValue = {
    0, 0, 0.05, 0, 0, 0, 0, 0, 0, 0, 0, 0.05, 0, 0, 0, 0, 0, 0, 0.4, 0.3, 0, 0, 0, 0, 0, 0};
// Counts are log-normal.
constexpr std::array<double, kCounts> kLogMean = {1, 2, 2,   1.5, 6.5, 3.5, 1.5,
                                                  2, 4, 0.2, 1,   0.3, 1.8};
constexpr std::array<double, kCounts> kLogDeviation = {1.1, 1.6, 1.2, 0.9, 1.8, 1.5, 1.4,
                                                       0.9, 1.2, 0.6, 1,   0.7, 1};
constexpr std::array<double, kCounts> kMissingCount = {0.4, 0,    0.2, 0.2,  0.03, 0.2, 0.04,
                                                       0,   0.04, 0.4, 0.04, 0.7,  0.2};
constexpr std::pair<std::size_t, std::size_t> kPairs[] = {
    {0, 5}, {1, 8}, {4, 13}, {7, 16}, {10, 22}, {12, 6}, {14, 23}, {17, 24}, {18, 1}, {25, 7}};

enum CriteoThing : std::uint64_t {
  kDrawValue = 1,
  kDrawMissing,
  kDrawCount,
  kDrawMissingCount,
  kDrawClick,
  kWeight,
  kFactor,
  kSlope,
  kPhase
};

struct Row {
  std::array<std::uint64_t, kCategories> values;  // 0: missing
  std::array<std::int64_t, kCounts> counts;       // -1: missing
};

// A 32-bit bijection, so that every value has a name of its own.
std::uint32_t Name(std::size_t category, std::uint64_t value) {
  std::uint64_t first = 0;
  for (std::size_t c = 0; c < category; ++c) first += kValues[c] + 1;
  auto x = static_cast<std::uint32_t>(first + value);
  x = (x + 1) * 0x9E3779B1U;
  x ^= x >> 15;
  x *= 0x85EBCA77U;
  return x ^ x >> 13;
}

class ClickWorld {
 public:
  explicit ClickWorld(std::uint64_t seed) : seed_(seed) { Calibrate(); }

  Row Draw(std::uint64_t number) const {
    Row row;
    for (std::size_t c = 0; c < kCategories; ++c) {
      const double u = UnitDouble(Stream(seed_, kDrawValue, number * kCategories + c));
      // The continuous form of a bounded Zipf law, inverted.
      const double most = Pow(static_cast<double>(kValues[c]) + 1.0, 1.0 - kZipf);
      const double rank = Pow(1.0 - u * (1.0 - most), 1.0 / (1.0 - kZipf));
      row.values[c] = std::min(kValues[c], static_cast<std::uint64_t>(rank));
      if (UnitDouble(Stream(seed_, kDrawMissing, number * kCategories + c)) < kMissingValue[c])
        row.values[c] = 0;
    }
    for (std::size_t i = 0; i < kCounts; ++i) {
      const double x =
          Exp(kLogMean[i] +
              kLogDeviation[i] * BellShaped(Stream(seed_, kDrawCount, number * kCounts + i)));
      row.counts[i] =
          UnitDouble(Stream(seed_, kDrawMissingCount, number * kCounts + i)) < kMissingCount[i]
              ? -1
              : static_cast<std::int64_t>(x);
    }
    return row;
  }

  double Logit(const Row& row) const {
    const std::array<double, 3> parts = Parts(row);
    double logit = bias_;
    for (std::size_t p = 0; p < parts.size(); ++p) logit += scale_[p] * parts[p];
    return logit;
  }

  bool Click(std::uint64_t number, double logit) const {
    return UnitDouble(Stream(seed_, kDrawClick, number)) < Sigmoid(logit);
  }

 private:
  std::array<double, 3> Parts(const Row& row) const {
    std::array<double, 3> parts{};
    for (std::size_t c = 0; c < kCategories; ++c)
      parts[0] += BellShaped(Stream(seed_, kWeight, Name(c, row.values[c])));
    for (std::size_t i = 0; i < kCounts; ++i) {
      const double x = row.counts[i] < 0 ? 0 : Log1p(static_cast<double>(row.counts[i]));
      parts[1] += 0.3 * x * BellShaped(Stream(seed_, kSlope, i)) +
                  Sin(1.5 * x + BellShaped(Stream(seed_, kPhase, i)));
    }
    for (const auto& [a, b] : kPairs) {
      for (std::uint64_t f = 0; f < kPairFactors; ++f) {
        parts[2] += BellShaped(Stream(seed_, kFactor,
                                      Name(a, row.values[a]) * std::uint64_t{kPairFactors} + f)) *
                    BellShaped(Stream(seed_, kFactor,
                                      Name(b, row.values[b]) * std::uint64_t{kPairFactors} + f));
      }
    }
    return parts;
  }

  // The AUC to expect when labels are drawn by the probabilities of logits scale * value + bias.
  static double ExpectedAuc(const std::vector<double>& ascending, double scale, double bias) {
    double positives = 0, negatives = 0, pairs = 0;
    for (const double value : ascending) {
      const double p = Sigmoid(scale * value + bias);
      pairs += p * negatives;
      positives += p;
      negatives += 1 - p;
    }
    return pairs / (positives * negatives);
  }

  // Whether the mean of the probabilities of logits scale * value + bias lies below the click rate.
  // Between two of every kStride values the probabilities ascend, so those of the two bound them:
  // the others are looked at only where that does not decide.
  static bool BelowClickRate(const std::vector<double>& ascending, double scale, double bias) {
    constexpr std::size_t kStride = 10;
    constexpr double kRounding = 1e-9;  // more than what sums of different order differ by
    const auto probability = [&](std::size_t i) { return Sigmoid(scale * ascending[i] + bias); };
    const auto wanted = kClickRate * static_cast<double>(ascending.size());
    double least = 0, most = 0;
    double first = probability(0);
    for (std::size_t i = 0; i < ascending.size(); i += kStride) {
      const std::size_t next = std::min(i + kStride, ascending.size());
      const double last = probability(next == ascending.size() ? next - 1 : next);
      least += first * static_cast<double>(next - i);
      most += last * static_cast<double>(next - i);
      first = last;
    }
    if (most < wanted * (1 - kRounding)) return true;
    if (least > wanted * (1 + kRounding)) return false;
    double sum = 0;
    for (std::size_t i = 0; i < ascending.size(); ++i) sum += probability(i);
    return sum / static_cast<double>(ascending.size()) < kClickRate;
  }

  // Scales the parts to their shares, then all of them to the click rate and the AUC, by bisection
  // on rows that are in neither file.
  void Calibrate() {
    std::array<std::vector<double>, 3> parts;
    for (std::uint64_t i = 0; i < kCalibrationRows; ++i) {
      const auto values = Parts(Draw(~std::uint64_t{0} / kCategories - i));
      for (std::size_t p = 0; p < values.size(); ++p) parts[p].push_back(values[p]);
    }
    const std::array<double, 3> shares = {kWeightShare, kCurveShare, kPairShare};
    std::vector<double> sum(kCalibrationRows, 0.0);
    for (std::size_t p = 0; p < parts.size(); ++p) {
      scale_[p] = std::sqrt(shares[p]) / Describe(parts[p]).deviation;
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += scale_[p] * parts[p][i];
    }
    std::sort(sum.begin(), sum.end());
    double low = 0.1, high = 5;
    for (int round = 0; round < 12; ++round) {
      const double scale = (low + high) / 2;
      double bias_low = -60, bias_high = 60;
      for (int inner = 0; inner < 20; ++inner) {
        bias_ = (bias_low + bias_high) / 2;
        (BelowClickRate(sum, scale, bias_) ? bias_low : bias_high) = bias_;
      }
      (ExpectedAuc(sum, scale, bias_) < kBestAuc ? low : high) = scale;
    }
    for (double& scale : scale_) scale *= (low + high) / 2;
  }

  std::uint64_t seed_;
  std::array<double, 3> scale_{};
  double bias_ = 0;
};

struct Written {
  std::vector<float> logits;
  std::vector<std::uint8_t> labels;
};

Written WriteRows(const ClickWorld& world, std::uint64_t first, std::uint64_t rows,
                  const fs::path& file) {
  ReplacedFile out(file, ExitCode::kData);
  Written written;
  fmt::memory_buffer line;
  for (std::uint64_t number = first; number < first + rows; ++number) {
    const Row row = world.Draw(number);
    const double logit = world.Logit(row);
    const bool click = world.Click(number, logit);
    line.clear();
    line.push_back(click ? '1' : '0');
    for (const std::int64_t count : row.counts) {
      line.push_back('\t');
      if (count >= 0) fmt::format_to(std::back_inserter(line), "{}", count);
    }
    for (std::size_t c = 0; c < kCategories; ++c) {
      line.push_back('\t');
      if (row.values[c] > 0)
        fmt::format_to(std::back_inserter(line), "{:08x}", Name(c, row.values[c]));
    }
    line.push_back('\n');
    out.out().write(line.data(), static_cast<std::streamsize>(line.size()));
    written.logits.push_back(static_cast<float>(logit));
    written.labels.push_back(click ? 1 : 0);
  }
  out.Finish();
  return written;
}

double Rate(const std::vector<std::uint8_t>& labels) {
  double positives = 0;
  for (const std::uint8_t label : labels) positives += label;
  return labels.empty() ? 0 : positives / static_cast<double>(labels.size());
}

}  // namespace

CriteoTruth GenerateCriteo(std::uint64_t rows, std::uint64_t test_rows, std::uint64_t seed,
                           const fs::path& out) {
  StartGeneratedDir(out);
  const ClickWorld world(seed);
  CriteoTruth truth;
  truth.train_positive_rate = Rate(WriteRows(world, 0, rows, out / "train.tsv").labels);
  const Written test = WriteRows(world, rows, test_rows, out / "test.tsv");
  const Metrics metrics = ComputeMetrics(test.logits, test.labels, {});
  truth.test_positive_rate = Rate(test.labels);
  truth.test_auc = metrics.auc;
  truth.test_logloss = metrics.logloss;
  nlohmann::ordered_json root = nlohmann::ordered_json::object();
  root["kind"] = "criteo";
  root["seed"] = seed;
  root["rows"] = rows;
  root["test_rows"] = test_rows;
  root["train_positive_rate"] = truth.train_positive_rate;
  root["test_positive_rate"] = truth.test_positive_rate;
  root["test_auc"] = truth.test_auc;
  root["test_logloss"] = truth.test_logloss;
  ReplacedFile file(out / "truth.json", ExitCode::kData);
  file.out() << root.dump(1) << '\n';
  file.Finish();
  return truth;
}

}  // namespace fathom
