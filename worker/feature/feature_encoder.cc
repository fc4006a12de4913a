#include "worker/feature/feature_encoder.h"

#include <optional>

#include "common/check.h"
#include "common/finite.h"
#include "worker/text/number.h"

namespace fathom {
namespace {

// With more, one line outweighs all others, and the sums of a part lose their digits.
constexpr double kMaxExampleWeight = 1e6;

}  // namespace

ColumnEncoder MakeColumnEncoder(const InputSchema& schema, const ColumnTransforms& transforms,
                                std::size_t column) {
  const Config& config = schema.config();
  const ColumnConfig& of = config.columns[column];
  return {of,
          schema.Slot(SourceOf(of)),
          Has(config.data.format, FormatTrait::kPairs),
          config.data.trim,
          MissingTexts(config.data.missing),
          transforms.Of(column)};
}

std::vector<ColumnEncoder> MakeColumnEncoders(const InputSchema& schema,
                                              const ColumnTransforms& transforms) {
  std::vector<ColumnEncoder> encoders;
  for (std::size_t c = 0; c < schema.config().columns.size(); ++c)
    encoders.push_back(MakeColumnEncoder(schema, transforms, c));
  return encoders;
}

std::vector<CrossEncoder> MakeCrossEncoders(const Config& config, const ModelSpec& spec) {
  const std::size_t first = spec.fields.size() - config.crosses.size();
  std::vector<CrossEncoder> encoders;
  for (std::size_t c = 0; c < config.crosses.size(); ++c)
    encoders.emplace_back(config.crosses[c], config.columns, spec.fields[first + c].seed);
  return encoders;
}

FeatureEncoder::FeatureEncoder(const InputSchema& schema, const ModelSpec& spec,
                               const ColumnTransforms& transforms, NameList* names)
    : schema_(schema),
      names_(names),
      columns_(MakeColumnEncoders(schema, transforms)),
      crosses_(MakeCrossEncoders(schema.config(), spec)),
      has_weight_(schema.labelled() && !schema.config().data.weight.empty()),
      grouped_(spec.grouped),
      group_seed_(ColumnSeed("group_by " + schema.config().evaluate.group_by)) {
  const Config& config = schema.config();
  if (names != nullptr) {
    for (ColumnEncoder& column : columns_) column.KeepNames();
  }
  ChooseBatches(!Has(config.data.format, FormatTrait::kPairs) &&
                MissingTexts(config.data.missing).only_empty());
  for (const Field& field : spec.fields) multivalents_ += field.multivalent ? 1 : 0;
  if (schema.labelled()) label_slot_ = schema.Slot(schema.label().column());
  if (has_weight_) weight_slot_ = schema.Slot(config.data.weight);
  if (grouped_) group_slot_ = schema.Slot(config.evaluate.group_by);
}

// Which columns NumberBatch and ValueKeys do, if any: to both a text that means "missing" would be
// a value, and a field is the value. ValueKeys takes those whose values cannot be wrong and whose
// keys no cross asks for; none where names are kept.
void FeatureEncoder::ChooseBatches(bool batches) {
  using Form = ColumnEncoder::Form;
  std::vector<bool> crossed(columns_.size());
  for (const CrossEncoder& cross : crosses_) {
    for (const std::size_t c : cross.columns()) crossed[c] = true;
  }
  places_.resize(columns_.size());
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const ColumnEncoder& column = columns_[c];
    const bool number = column.form() == Form::kNumber;
    if (column.used() && column.form() != Form::kList)
      places_[c] = number ? numerics_++ : singles_++;
    const bool by_text = column.form() == Form::kValue && column.transform().KeysByText() &&
                         !crossed[c] && names_ == nullptr;
    const bool batched = batches && column.used() && column.plain();
    if (batched && number) {
      numbers_.Add(column, c);
      number_places_.push_back(places_[c]);
    } else if (batched && by_text) {
      values_.push_back({column.seed(), MissingKey(column.seed()), column.slot(), places_[c]});
    } else {
      others_.push_back(c);
      if (column.transform().NewStatistics() != nullptr) learners_.push_back(c);
      learns_from_labels_ |= column.transform().LearnsFromLabels();
    }
  }
}

std::string FeatureEncoder::Encode(const std::vector<std::string_view>& values,
                                   EncodedExample* example, const LinePlace& line) {
  example->keys.resize(singles_);
  example->numerics.resize(numerics_);
  example->lists.resize(multivalents_);
  example->list_weights.resize(multivalents_);
  ValueKeys(values_, values, example->keys.data());
  if (!numbers_.Read(values)) return FirstError(values, example);
  WriteNumbers(&example->numerics);
  if (!MayBeNumbers(example->numerics)) return FirstError(values, example);
  std::size_t list = 0;
  std::string error;
  for (const std::size_t c : others_) {
    if (!EncodeColumn(c, values[columns_[c].slot()], line, example, &list, &error)) return error;
  }
  for (const CrossEncoder& cross : crosses_) {
    std::vector<Key>* keys = &example->keys;
    if (cross.multivalent()) {
      keys = &example->lists[list];
      keys->clear();
      example->list_weights[list++].clear();
    }
    error = cross.Encode(columns_, keys);
    if (!error.empty()) return error;
  }
  example->group = grouped_ ? ValueKey(group_seed_, values[group_slot_]) : 0;
  example->label = 0;
  example->weight = 1;
  if (!schema_.labelled()) return {};
  const auto label = schema_.label().Apply(values[label_slot_], &error);
  if (!label) return error;
  example->label = *label;
  return has_weight_ ? ReadWeight(values[weight_slot_], &example->weight) : std::string();
}

void FeatureEncoder::NameExample(const EncodedExample& example) {
  std::size_t field = 0, list = 0;
  for (const ColumnEncoder& column : columns_) {
    if (!column.used() || column.form() == ColumnEncoder::Form::kNumber) continue;
    for (std::size_t i = 0; i < column.keys().size(); ++i)
      names_->Add(field, column.keys()[i], column.names()[i]);
    list += column.form() == ColumnEncoder::Form::kList ? 1 : 0;
    ++field;
  }
  std::size_t single = singles_;
  for (const CrossEncoder& cross : crosses_) {
    cross_names_.clear();
    cross.AddNames(columns_, &cross_names_);
    const Key* const keys =
        cross.multivalent() ? example.lists[list++].data() : example.keys.data() + single++;
    for (std::size_t i = 0; i < cross_names_.size(); ++i)
      names_->Add(field, keys[i], cross_names_[i]);
    ++field;
  }
}

// The batch's numbers to their columns' places: numbers that come from texts may stand between
// them.
void FeatureEncoder::WriteNumbers(std::vector<float>* numbers) {
  if (number_places_.size() == numbers->size()) return numbers_.Write(numbers->data());
  batch_numbers_.resize(number_places_.size());
  numbers_.Write(batch_numbers_.data());
  for (std::size_t i = 0; i < batch_numbers_.size(); ++i)
    (*numbers)[number_places_[i]] = batch_numbers_[i];
}

std::string FeatureEncoder::ReadWeight(std::string_view text, float* weight) const {
  const auto number = ParseNumber(text);
  const std::string& column = schema_.config().data.weight;
  if (!number || !(*number >= 0))
    return fmt::format("weight {} = \"{}\" is no number from 0", column, text);
  if (*number > kMaxExampleWeight) {
    return fmt::format("weight {} = \"{}\" is beyond {:g}, which is the most: divide all weights",
                       column, text, kMaxExampleWeight);
  }
  *weight = static_cast<float>(*number);
  return {};
}

// What is wrong with the record, some of whose numbers are no good: of the first of the columns.
std::string FeatureEncoder::FirstError(const std::vector<std::string_view>& values,
                                       EncodedExample* example) {
  std::size_t list = 0;
  std::string error;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (!EncodeColumn(c, values[columns_[c].slot()], {}, example, &list, &error)) return error;
  }
  FATHOM_CHECK(!"numbers that are good after all");
  return error;
}

// False: *error says what is wrong.
bool FeatureEncoder::EncodeColumn(std::size_t c, std::string_view text, const LinePlace& line,
                                  EncodedExample* example, std::size_t* list, std::string* error) {
  ColumnEncoder& column = columns_[c];
  if (!column.Encode(text, line, error)) return false;
  if (!column.used()) return true;
  if (column.form() == ColumnEncoder::Form::kNumber) {
    example->numerics[places_[c]] = column.number();
  } else if (column.form() == ColumnEncoder::Form::kList) {
    example->lists[*list] = column.keys();
    example->list_weights[*list] = column.weights();
    ++*list;
  } else {
    example->keys[places_[c]] = column.keys().front();
  }
  return true;
}

StatisticsByColumn FeatureEncoder::NewStatistics() const {
  StatisticsByColumn statistics;
  for (const ColumnEncoder& column : columns_)
    statistics.push_back(column.transform().NewStatistics());
  return statistics;
}

void FeatureEncoder::Observe(const std::vector<std::string_view>& values, std::uint64_t place,
                             StatisticsByColumn* statistics) {
  numbers_.Read(values);
  numbers_.Observe(place, statistics);
  std::optional<std::uint8_t> label;
  std::string error;
  if (learns_from_labels_ && schema_.labelled())
    label = schema_.label().Apply(values[label_slot_], &error);
  for (const std::size_t c : learners_)
    columns_[c].Observe(values[columns_[c].slot()], place, label, (*statistics)[c].get());
}

std::vector<std::size_t> FeatureEncoder::ObservedSlots() const {
  std::vector<std::size_t> slots;
  for (const ColumnEncoder& column : columns_) {
    if (column.transform().NewStatistics() != nullptr) slots.push_back(column.slot());
  }
  if (learns_from_labels_ && schema_.labelled()) slots.push_back(label_slot_);
  return slots;
}

}  // namespace fathom
