#include "launcher/sweep/sweep_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "launcher/sweep/sweep_measures.h"

namespace fathom {
namespace {

// Measures that repeats spread over.
constexpr const char* kSpread[] = {"examples_per_second", "auc", "logloss"};

// The scaling measures, made of several points.
constexpr const char* kStrong = "strong_scaling_efficiency";
constexpr const char* kWeak = "weak_scaling_efficiency";

double Median(std::vector<double> values) {
  values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }),
               values.end());
  if (values.empty()) return NAN;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

bool Spreads(const std::string& measure) {
  return std::find(std::begin(kSpread), std::end(kSpread), measure) != std::end(kSpread);
}

SweepPoint MakePoint(const SweepRun& run, const std::vector<const SweepLine*>& lines) {
  SweepPoint point{.values = run.point, .kinds = run.kinds, .error = ""};
  std::vector<const SweepLine*> done;
  for (const SweepLine* line : lines) {
    if (IsDone(*line)) {
      done.push_back(line);
    } else {
      ++point.failed;
      point.error = line->value("error", "");
    }
  }
  point.runs = static_cast<int>(done.size());
  std::vector<std::string> names(std::begin(kSweepMeasures), std::end(kSweepMeasures));
  for (const SweepLine* line : done) {  // peak_rss_bytes of each kind of process
    for (const auto& [name, value] : line->items()) {
      if (name.rfind("peak_rss_bytes_", 0) == 0 &&
          std::find(names.begin(), names.end(), name) == names.end())
        names.insert(std::find(names.begin(), names.end(), "bytes_per_example_sent"), name);
    }
  }
  for (const std::string& name : names) {
    std::vector<double> values;
    for (const SweepLine* line : done) values.push_back(NumberIn(*line, name));
    point.measures.emplace_back(name, Median(values));
    if (!Spreads(name)) continue;
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    point.measures.emplace_back(name + "_min", values.empty() ? NAN : *low);
    point.measures.emplace_back(name + "_max", values.empty() ? NAN : *high);
  }
  return point;
}

double Units(const SweepPoint& point) { return point.Of("workers") * point.Of("threads"); }

// Speed a compute thread against that of the point with the fewest of them that is alike but for
// its layout: at one batch size (strong scaling), or at one batch size a thread (weak scaling).
double Efficiency(const SweepPoint& point, const std::vector<SweepPoint>& points, bool weak) {
  const auto size = [weak](const SweepPoint& p) {
    return weak ? p.Of("batch_size") / Units(p) : p.Of("batch_size");
  };
  const SweepPoint* base = nullptr;
  for (const SweepPoint& other : points) {
    bool alike = size(other) == size(point) && other.runs > 0;
    for (std::size_t a = 0; a < point.values.size(); ++a)
      alike &=
          point.kinds[a] != SweepConfig::AxisKind::kOther || point.values[a] == other.values[a];
    if (alike && (base == nullptr || Units(other) < Units(*base))) base = &other;
  }
  const bool compares = base != nullptr && Units(*base) < Units(point);
  if (!compares) return NAN;
  return point.Of("examples_per_second") / Units(point) /
         (base->Of("examples_per_second") / Units(*base));
}

std::string CsvField(std::string text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2)
    text.insert(at, "\"");
  return "\"" + text + "\"";
}

}  // namespace

double SweepPoint::Of(const std::string& measure) const {
  for (const auto& [name, value] : measures) {
    if (name == measure) return value;
  }
  return NAN;
}

std::vector<SweepPoint> PointsOf(const std::vector<SweepRun>& runs, const SweepResults& results) {
  std::vector<SweepPoint> points;
  for (std::size_t first = 0; first < runs.size();) {
    std::size_t end = first;
    std::vector<const SweepLine*> lines;
    while (end < runs.size() && runs[end].point == runs[first].point) {
      if (const SweepLine* line = results.Find(runs[end].id)) lines.push_back(line);
      ++end;
    }
    if (!lines.empty()) points.push_back(MakePoint(runs[first], lines));
    first = end;
  }
  std::vector<std::pair<double, double>> efficiencies;
  for (const SweepPoint& point : points)
    efficiencies.emplace_back(Efficiency(point, points, false), Efficiency(point, points, true));
  for (std::size_t p = 0; p < points.size(); ++p) {
    points[p].measures.emplace_back(kStrong, efficiencies[p].first);
    points[p].measures.emplace_back(kWeak, efficiencies[p].second);
  }
  return points;
}

std::string CsvOf(const std::vector<SweepPoint>& points) {
  std::vector<std::string> names;
  for (const SweepPoint& point : points) {
    for (const auto& [name, value] : point.measures) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  std::string text;
  if (!points.empty()) {
    for (const auto& [axis, value] : points.front().values) text += CsvField(axis) + ",";
    text += "runs,failed,";
    for (const std::string& name : names) text += name + ",";
    text += "error\n";
  }
  for (const SweepPoint& point : points) {
    for (const auto& [axis, value] : point.values) text += CsvField(value) + ",";
    text += fmt::format("{},{},", point.runs, point.failed);
    for (const std::string& name : names) {
      const double value = point.Of(name);
      text += std::isnan(value) ? "," : fmt::format("{},", value);
    }
    text += CsvField(point.error) + "\n";
  }
  return text;
}

}  // namespace fathom
