#include "worker/feature/transforms.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "common/error.h"

namespace fathom {

using Json = nlohmann::ordered_json;

bool LearnsFromData(const ColumnConfig& column) {
  return column.transform == TransformKind::kVocabulary || Standardises(column) ||
         column.transform == TransformKind::kQuantiles;
}

bool TakesLog(const ColumnConfig& column) {
  return column.transform == TransformKind::kLog ||
         column.transform == TransformKind::kLogStandardise;
}

bool Standardises(const ColumnConfig& column) {
  return column.transform == TransformKind::kStandardise ||
         column.transform == TransformKind::kLogStandardise;
}

double SignedLog(double x) { return std::copysign(std::log1p(std::fabs(x)), x); }

const double* LogsOfCounts() {
  static const std::vector<double> logs = [] {
    std::vector<double> made(kLogsOfCounts);
    for (std::size_t n = 0; n < made.size(); ++n) made[n] = SignedLog(static_cast<double>(n));
    return made;
  }();
  return logs.data();
}

// Keys are written as hexadecimal text: a value's own text may be no UTF-8, and a JSON number no
// 64-bit integer.
std::string TransformsToJson(const Transforms& transforms) {
  Json root = Json::object();
  for (const auto& [name, transform] : transforms) {
    std::vector<std::string> vocabulary;
    for (const Key key : transform.vocabulary) vocabulary.push_back(fmt::format("{:016x}", key));
    root[name] = {{"vocabulary", vocabulary},
                  {"mean", transform.mean},
                  {"stddev", transform.stddev},
                  {"boundaries", transform.boundaries}};
  }
  return root.dump(1) + "\n";
}

Transforms TransformsFromJson(const std::string& text, const Config& config) {
  Transforms transforms;
  try {
    const Json root = Json::parse(text);
    for (const ColumnConfig& column : config.columns) {
      if (!LearnsFromData(column)) continue;
      const Json& entry = root.at(column.name);
      ColumnTransform& transform = transforms[column.name];
      for (const std::string key : entry.at("vocabulary"))
        transform.vocabulary.push_back(std::stoull(key, nullptr, 16));
      transform.mean = entry.at("mean");
      transform.stddev = entry.at("stddev");
      transform.boundaries = entry.at("boundaries").get<std::vector<double>>();
    }
  } catch (const std::exception& error) {
    Fail(ExitCode::kModel,
         "transforms.json does not fit the config's columns ({}): use the config the model was "
         "trained with",
         error.what());
  }
  return transforms;
}

std::size_t BucketOf(const std::vector<double>& boundaries, double x) {
  return static_cast<std::size_t>(std::upper_bound(boundaries.begin(), boundaries.end(), x) -
                                  boundaries.begin());
}

}  // namespace fathom
