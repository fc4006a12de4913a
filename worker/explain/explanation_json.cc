#include "worker/explain/explanation_json.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "common/metrics/metrics.h"

namespace fathom {
namespace {

using Json = nlohmann::ordered_json;

// In the fewest digits that tell a float32 apart; null where it is no finite number.
Json Number(float number) {
  return std::isfinite(number) ? Json::parse(fmt::format("{}", number)) : Json();
}

Json ValueJson(const ExplainedValue& value) {
  return {{"name", value.name},
          {"key", fmt::format("{:016x}", value.key)},
          {"has_row", value.has_row},
          {"scale", Number(value.scale)},
          {"wide_weight", Number(value.wide_weight)},
          {"embedding_norm", Number(value.norm)},
          {"wide", value.wide},
          {"deep", value.deep},
          {"fm", value.fm}};
}

Json FieldJson(const ExplainedField& field) {
  Json json = {{"field", field.name}};
  if (!field.is_cross) json["text"] = field.text;
  json["values"] = Json::array();
  for (const ExplainedValue& value : field.values) json["values"].push_back(ValueJson(value));
  return json;
}

}  // namespace

std::string ExplanationJson(const Explanation& explained) {
  Json json = {{"logit", Number(explained.logit)},
               {"score", Number(static_cast<float>(Sigmoid(explained.logit)))},
               {"bias", explained.bias},
               {"deep_biases", explained.deep_biases},
               {"sum", explained.Sum()}};
  json["fields"] = Json::array();
  for (const ExplainedField& field : explained.fields) json["fields"].push_back(FieldJson(field));
  json["numbers"] = Json::array();
  for (const ExplainedNumber& number : explained.numbers) {
    json["numbers"].push_back({{"number", number.name},
                               {"text", number.text},
                               {"value", Number(number.value)},
                               {"wide", number.wide},
                               {"deep", number.deep}});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace fathom
