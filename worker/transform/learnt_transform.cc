#include "worker/transform/learnt_transform.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "worker/transform/transform.h"

namespace fathom {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kOthers = "others";

LearntTransform FromJson(const Json& entry) {
  LearntTransform transform;
  for (const std::string key : entry.at("vocabulary"))
    transform.vocabulary.push_back(std::stoull(key, nullptr, 16));
  transform.mean = entry.at("mean");
  transform.stddev = entry.at("stddev");
  transform.boundaries = entry.at("boundaries").get<std::vector<double>>();
  if (entry.contains(kOthers)) {
    for (const auto& [name, numbers] : entry.at(kOthers).items())
      transform.others[name] = numbers.get<std::vector<double>>();
  }
  return transform;
}

}  // namespace

// Keys are written as hexadecimal text: a value's own text may be no UTF-8, and a JSON number no
// 64-bit integer.
std::string TransformsToJson(const LearntTransforms& transforms) {
  Json root = Json::object();
  for (const auto& [name, transform] : transforms) {
    std::vector<std::string> vocabulary;
    for (const Key key : transform.vocabulary) vocabulary.push_back(fmt::format("{:016x}", key));
    root[name] = {{"vocabulary", vocabulary},
                  {"mean", transform.mean},
                  {"stddev", transform.stddev},
                  {"boundaries", transform.boundaries}};
    if (!transform.others.empty()) root[name][kOthers] = transform.others;
  }
  return root.dump(1) + "\n";
}

LearntTransforms TransformsFromJson(const std::string& text, const Config& config) {
  LearntTransforms transforms;
  try {
    const Json root = Json::parse(text);
    for (const ColumnConfig& column : config.columns) {
      if (LearnsFromData(column)) transforms[column.name] = FromJson(root.at(column.name));
    }
  } catch (const std::exception& error) {
    Fail(ExitCode::kModel,
         "transforms.json does not fit the config's columns ({}): use the config the model was "
         "trained with",
         error.what());
  }
  return transforms;
}

LearntTransforms AnyTransformsFromJson(const std::string& text) {
  LearntTransforms transforms;
  try {
    const Json root = Json::parse(text);
    for (const auto& [name, entry] : root.items()) transforms[name] = FromJson(entry);
  } catch (const std::exception& error) {
    Fail(ExitCode::kModel, "transforms.json is damaged: {}", error.what());
  }
  return transforms;
}

void ContinueFrom(const LearntTransforms& earlier, const Config& config, LearntTransforms* learnt) {
  for (const ColumnConfig& column : config.columns) {
    const auto then = earlier.find(column.name);
    const auto now = learnt->find(column.name);
    if (then == earlier.end() || now == learnt->end()) continue;
    if (column.transform == TransformKind::kVocabulary) {
      std::vector<Key> both;
      std::set_union(then->second.vocabulary.begin(), then->second.vocabulary.end(),
                     now->second.vocabulary.begin(), now->second.vocabulary.end(),
                     std::back_inserter(both));
      now->second.vocabulary = std::move(both);
    } else if (config.warm_start.statistics == WarmStatistics::kKeep) {
      now->second = then->second;
    }
  }
}

}  // namespace fathom
