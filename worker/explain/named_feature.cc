#include "worker/explain/named_feature.h"

#include <fmt/format.h>

#include <optional>

#include "common/error.h"
#include "common/whole_number.h"
#include "worker/feature/feature_encoder.h"
#include "worker/text/csv.h"

namespace fathom {
namespace {

constexpr std::size_t kKeyDigits = 16;

// "#" and sixteen hexadecimal digits.
std::optional<Key> WrittenKey(std::string_view text) {
  if (text.size() != kKeyDigits + 1 || text.front() != '#') return std::nullopt;
  return WholeNumber<Key>(text.substr(1), 16);
}

}  // namespace

FeatureReader::FeatureReader(const InputSchema& schema, const ModelSpec& spec,
                             const ColumnTransforms& transforms)
    : schema_(schema),
      spec_(spec),
      columns_(MakeColumnEncoders(schema, transforms)),
      crosses_(MakeCrossEncoders(schema.config(), spec)) {
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    columns_[c].KeepNames();
    if (columns_[c].used() && columns_[c].form() != ColumnEncoder::Form::kNumber)
      column_of_.push_back(c);
  }
}

NamedFeature FeatureReader::Read(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos)
    Fail(ExitCode::kUsage, "\"{}\" is no FIELD=TEXT, as reader=58", text);
  NamedFeature feature{.field = FieldNamed(text.substr(0, equals), text), .key = 0, .name = {}};
  const std::string_view value = text.substr(equals + 1);
  if (const auto key = WrittenKey(value)) {
    feature.key = *key;
    feature.name = value;
  } else if (feature.field < column_of_.size()) {
    feature.key = OfColumn(column_of_[feature.field], value, &feature.name);
  } else {
    feature.key = OfCross(feature.field - column_of_.size(), value, &feature.name);
  }
  return feature;
}

std::size_t FeatureReader::FieldNamed(std::string_view name, std::string_view text) const {
  for (std::size_t f = 0; f < spec_.fields.size(); ++f) {
    if (spec_.fields[f].name == name) return f;
  }
  Fail(ExitCode::kUsage, "\"{}\": the model has no sparse field {}; it has {}", text, name,
       fmt::join(FieldNames(spec_), ", "));
}

Key FeatureReader::OfColumn(std::size_t column, std::string_view value, std::string* name) {
  ColumnEncoder& encoder = columns_[column];
  const std::string& called = schema_.config().columns[column].name;
  std::string wrong;
  if (schema_.config().data.trim) value = TrimmedField(value);  // as in a line
  if (!encoder.Encode(value, {}, &wrong)) Fail(ExitCode::kUsage, "{}", wrong);
  if (encoder.keys().size() != 1)
    Fail(ExitCode::kUsage, "{}={}: the text holds {} values, not one", called, value,
         encoder.keys().size());
  *name = encoder.names().front();
  return encoder.keys().front();
}

Key FeatureReader::OfCross(std::size_t cross, std::string_view values, std::string* name) {
  const CrossEncoder& encoder = crosses_[cross];
  const std::string& called = spec_.fields[column_of_.size() + cross].name;
  std::vector<std::string_view> fields;
  std::string unescaped;
  const std::string wrong = SplitCsv(values, Separator(','), false, &fields, &unescaped);
  if (!wrong.empty()) Fail(ExitCode::kUsage, "{}={}: {}", called, values, wrong);
  const std::size_t columns = encoder.columns().size();
  if (fields.size() != columns)
    Fail(ExitCode::kUsage,
         "{}={}: it has {} texts where the cross has {} columns: write one of each, between commas",
         called, values, fields.size(), columns);
  std::vector<Key> keys;
  for (std::size_t i = 0; i < columns; ++i) {
    std::string part;
    keys.push_back(OfColumn(encoder.columns()[i], fields[i], &part));
    *name += (i == 0 ? "" : " x ") + part;
  }
  return encoder.KeyOf(keys);
}

}  // namespace fathom
