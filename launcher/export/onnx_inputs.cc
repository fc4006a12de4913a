#include "launcher/export/onnx_inputs.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/utf8.h"
#include "worker/feature/side_rows.h"
#include "worker/transform/learnt_transform.h"

namespace fathom {
namespace {

using Json = nlohmann::ordered_json;

// A protobuf message ends at 2 GiB.
constexpr std::size_t kMaxJsonBytes = std::size_t{1} << 30;

std::string Hex(std::uint64_t number) { return fmt::format("{:016x}", number); }

// JSON is UTF-8. Text of another encoding has each byte as the character of that number.
Json TextToJson(const std::string& text) {
  if (IsUtf8(text)) return {{"encoding", "utf-8"}, {"text", text}};
  std::string widened;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      widened += c;
    } else {
      widened += static_cast<char>(0xC0 | (byte >> 6));
      widened += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return {{"encoding", "latin-1"}, {"text", widened}};
}

Json LearntToJson(const ColumnConfig& column, const LearntTransform& learnt) {
  Json json = Json::object();
  switch (column.transform) {
    case TransformKind::kVocabulary:
    case TransformKind::kCount:
    case TransformKind::kTargetMean: {
      json["vocabulary"] = Json::array();
      for (const Key key : learnt.vocabulary) json["vocabulary"].push_back(Hex(key));
      break;
    }
    case TransformKind::kQuantiles:
      json["boundaries"] = learnt.boundaries;
      break;
    default:
      break;
  }
  json["mean"] = learnt.mean;
  json["stddev"] = learnt.stddev;
  for (const auto& [name, numbers] : learnt.others) json[name] = numbers;
  return json;
}

Json ColumnToJson(const ColumnConfig& column, const LearntTransforms& learnt) {
  const std::uint64_t seed = ColumnSeed(column.name);
  Json json = {{"name", column.name},
               {"source", SourceOf(column)},
               {"kind", NameOf(column.kind)},
               {"transform", NameOf(column.transform)},
               {"seed", Hex(seed)},
               {"missing_key", Hex(MissingKey(seed))},
               {"rare_key", Hex(RareKey(seed))}};
  if (!column.extract.empty()) json["extract"] = column.extract;
  if (column.hash_buckets > 0) json["hash_buckets"] = column.hash_buckets;
  if (column.transform == TransformKind::kBuckets) json["boundaries"] = column.boundaries;
  if (column.transform == TransformKind::kTargetMean) json["prior"] = column.prior;
  if (column.kind == ColumnKind::kMultivalent) {
    json["separator"] = column.separator;
    json["weighted"] = column.weighted;
  }
  if (column.kind == ColumnKind::kNumeric) json["missing_as"] = NameOf(column.missing_as);
  if (const auto found = learnt.find(column.name); found != learnt.end())
    json["learnt"] = LearntToJson(column, found->second);
  return json;
}

Json TextForm(const DataConfig& data) {
  return {{"format", NameOf(data.format)}, {"header", data.header},       {"names", data.names},
          {"separator", data.separator},   {"quote", NameOf(data.quote)}, {"trim", data.trim},
          {"missing", data.missing}};
}

Json InputsToJson(const Scorer& model, const OnnxInputs& names) {
  const ModelSpec& spec = model.spec();
  const std::size_t first_cross = spec.fields.size() - model.config().crosses.size();
  Json inputs = Json::array();
  for (std::size_t f = 0; f < spec.fields.size(); ++f) {
    const Field& field = spec.fields[f];
    Json input = {{"input", names.fields[f]}, {"takes", field.multivalent ? "keys" : "key"}};
    if (f < first_cross) {
      input["column"] = field.name;
    } else {
      const CrossConfig& cross = model.config().crosses[f - first_cross];
      input["cross"] = cross.columns;
      input["seed"] = Hex(field.seed);
      input["hash_buckets"] = cross.hash_buckets;
    }
    if (!names.weights[f].empty()) input["weights"] = names.weights[f];
    inputs.push_back(std::move(input));
  }
  for (std::size_t n = 0; n < spec.numerics.size(); ++n) {
    const auto& columns = model.config().columns;
    const auto column = std::find_if(columns.begin(), columns.end(), [&](const ColumnConfig& c) {
      return c.name == spec.numerics[n].name;
    });
    inputs.push_back({{"input", names.numbers[n]},
                      {"takes", TakesRawNumbers(*column) ? "raw number" : "transformed number"},
                      {"column", column->name}});
  }
  return inputs;
}

}  // namespace

bool TakesRawNumbers(const ColumnConfig& column) {
  return column.transform == TransformKind::kNone || column.transform == TransformKind::kLog ||
         column.transform == TransformKind::kStandardise ||
         column.transform == TransformKind::kLogStandardise;
}

std::string OnnxInputsJson(const Scorer& model, const OnnxInputs& inputs) {
  const Config& config = model.config();
  const LearntTransforms learnt = TransformsFromJson(model.model().transforms_json, config);
  Json root = Json::object();
  root["version"] = 1;
  root["hash"] = "key = xxh3_64(value, seed)";
  root["absent"] = "0";  // the key of what a list does not have
  root["text"] = TextForm(config.data);
  root["columns"] = Json::array();
  for (const ColumnConfig& column : config.columns)
    root["columns"].push_back(ColumnToJson(column, learnt));
  root["inputs"] = InputsToJson(model, inputs);
  root["joins"] = Json::array();
  for (std::size_t j = 0; j < config.joins.size(); ++j) {
    const JoinConfig& join = config.joins[j];
    root["joins"].push_back({{"key", join.key},
                             {"on", LookedUpColumn(join)},
                             {"table", TextToJson(model.model().side_tables[j])}});
  }
  std::string text = root.dump();
  if (text.size() <= kMaxJsonBytes) return text;
  Fail(ExitCode::kUsage,
       "the model's vocabularies and joined tables take {} bytes as text, and an ONNX graph holds "
       "at most 2 GiB: export a bundle, or train with a higher min_count",
       text.size());
}

}  // namespace fathom
