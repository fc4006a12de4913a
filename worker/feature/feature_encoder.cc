#include "worker/feature/feature_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "common/check.h"
#include "common/finite.h"
#include "worker/text/number.h"

namespace fathom {
namespace {

// Combinations of one cross in one example.
constexpr std::size_t kMaxCombinations = 4096;
constexpr float kMiddleQuantile = 0.5F;
constexpr std::string_view kZero = "0";
constexpr char kSeparatorOfPairs = ' ';

std::string NotANumber(const std::string& column, std::string_view text) {
  return fmt::format("column {} = \"{}\" is no number (data.missing lists what means unknown)",
                     column, text);
}

}  // namespace

FeatureEncoder::FeatureEncoder(const InputSchema& schema, const ModelSpec& spec,
                               const Transforms& transforms)
    : schema_(schema),
      pairs_(schema.config().data.format == DataFormat::kLibsvm ||
             schema.config().data.format == DataFormat::kLibffm),
      group_seed_(ColumnSeed("group_by " + schema.config().evaluate.group_by)) {
  const Config& config = schema.config();
  std::copy_if(config.data.missing.begin(), config.data.missing.end(), std::back_inserter(missing_),
               [](const std::string& text) { return !text.empty(); });
  for (const ColumnConfig& settings : config.columns)
    columns_.push_back(MakeColumn(settings, transforms));
  MakeCrosses(spec);
  ChooseBatches();
  for (const Field& field : spec.fields) multivalents_ += field.multivalent ? 1 : 0;
  if (schema.labelled()) label_slot_ = schema.Slot(schema.label().column());
  grouped_ = spec.grouped;
  if (grouped_) group_slot_ = schema.Slot(config.evaluate.group_by);
}

FeatureEncoder::Column FeatureEncoder::MakeColumn(const ColumnConfig& settings,
                                                  const Transforms& transforms) const {
  Column column{.used = settings.use != Use::kNone,
                .zero_if_missing = settings.missing_as == MissingAs::kZero,
                .log = TakesLog(settings),
                .standardises = Standardises(settings),
                .quantiles = settings.transform == TransformKind::kQuantiles,
                .counts_values = settings.transform == TransformKind::kVocabulary,
                .learns = LearnsFromData(settings),
                .weighted = settings.weighted,
                .separator = pairs_ ? kSeparatorOfPairs : settings.separator.c_str()[0],
                .slot = schema_.Slot(SourceOf(settings)),
                .seed = ColumnSeed(settings.name),
                .hash_buckets = static_cast<std::uint64_t>(settings.hash_buckets),
                .boundaries = settings.boundaries,
                .name = settings.name};
  if (settings.kind == ColumnKind::kNumeric) {
    column.form = Form::kNumber;
  } else if (settings.kind == ColumnKind::kMultivalent) {
    column.form = Form::kList;
  } else if (settings.transform == TransformKind::kBuckets ||
             settings.transform == TransformKind::kQuantiles) {
    column.form = Form::kClass;
  }
  if (const auto learnt = transforms.find(settings.name); learnt != transforms.end()) {
    if (column.quantiles) column.boundaries = learnt->second.boundaries;
    column.learnt = column.counts_values;
    column.mean = learnt->second.mean;
    column.stddev = learnt->second.stddev;
    column.vocabulary.insert(learnt->second.vocabulary.begin(), learnt->second.vocabulary.end());
  }
  return column;
}

void FeatureEncoder::MakeCrosses(const ModelSpec& spec) {
  for (const CrossConfig& settings : schema_.config().crosses) {
    Cross cross{.hash_buckets = static_cast<std::uint64_t>(settings.hash_buckets)};
    for (const std::string& name : settings.columns) {
      const auto place = std::find_if(columns_.begin(), columns_.end(),
                                      [&](const Column& c) { return c.name == name; });
      cross.columns.push_back(static_cast<std::size_t>(place - columns_.begin()));
      cross.multivalent |= place->form == Form::kList;
    }
    crosses_.push_back(std::move(cross));
  }
  // Crosses are the last fields of the model, in order.
  for (std::size_t c = 0; c < crosses_.size(); ++c)
    crosses_[c].seed = spec.fields[spec.fields.size() - crosses_.size() + c].seed;
}

// Which columns NumericColumns and ValueKeys do. To both a text that means "missing" would be a
// value. ValueKeys takes those whose values cannot be wrong and whose keys no cross asks for.
void FeatureEncoder::ChooseBatches() {
  std::vector<bool> crossed(columns_.size());
  for (const Cross& cross : crosses_) {
    for (const std::size_t c : cross.columns) crossed[c] = true;
  }
  const bool batches = !pairs_ && missing_.empty();
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    Column& column = columns_[c];
    const bool number = column.form == Form::kNumber;
    if (column.used && column.form != Form::kList) column.place = number ? numerics_++ : singles_++;
    const bool plain =
        column.form == Form::kValue && !column.counts_values && column.hash_buckets == 0;
    if (batches && column.used && number) {
      numbers_.Add({.slot = column.slot,
                    .column = c,
                    .log = column.log,
                    .zero_if_missing = column.zero_if_missing,
                    .mean = column.standardises ? column.mean : 0,
                    .stddev = column.standardises ? column.stddev : 1});
      if (column.quantiles) classes_.push_back(numbers_.size() - 1);
    } else if (batches && column.used && plain && !crossed[c]) {
      values_.push_back({column.seed, MissingKey(column.seed), column.slot, column.place});
    } else {
      others_.push_back(c);
    }
  }
}

std::string FeatureEncoder::Encode(const std::vector<std::string_view>& values,
                                   EncodedExample* example) {
  example->keys.resize(singles_);
  example->numerics.resize(numerics_);
  example->lists.resize(multivalents_);
  example->list_weights.resize(multivalents_);
  ValueKeys(values_, values, example->keys.data());
  if (!ReadNumbers(values)) return FirstError(values, example);
  numbers_.Write(example->numerics.data());
  for (const std::size_t i : classes_) {
    const Column& column = columns_[numbers_.columns()[i].column];
    if (numbers_.present(i))
      example->numerics[i] = static_cast<float>(Quantile(column, numbers_.number(i)));
    else
      example->numerics[i] = kMiddleQuantile;
  }
  if (!AllFinite(example->numerics)) return FirstError(values, example);
  std::size_t list = 0;
  std::string error;
  for (const std::size_t c : others_) {
    if (!EncodeColumn(&columns_[c], values[columns_[c].slot], example, &list, &error)) return error;
  }
  for (const Cross& cross : crosses_) {
    error = AddCross(cross, example, &list);
    if (!error.empty()) return error;
  }
  example->group = grouped_ ? ValueKey(group_seed_, values[group_slot_]) : 0;
  example->label = 0;
  if (!schema_.labelled()) return {};
  const auto label = schema_.label().Apply(values[label_slot_], &error);
  if (!label) return error;
  example->label = *label;
  return {};
}

// What is wrong with the record, some of whose numbers are no good: of the first of the columns.
std::string FeatureEncoder::FirstError(const std::vector<std::string_view>& values,
                                       EncodedExample* example) {
  std::size_t list = 0;
  std::string error;
  for (Column& column : columns_) {
    if (!EncodeColumn(&column, values[column.slot], example, &list, &error)) return error;
  }
  FATHOM_CHECK(!"numbers that are good after all");
  return error;
}

// False: *error says what is wrong.
bool FeatureEncoder::EncodeColumn(Column* column, std::string_view text, EncodedExample* example,
                                  std::size_t* list, std::string* error) const {
  if (column->form == Form::kNumber) {
    float value = 0;
    if (!EncodeNumber(*column, text, &value, error)) return false;
    if (column->used) example->numerics[column->place] = value;
    return true;
  }
  *error = EncodeKeys(column, text);
  if (!error->empty()) return false;
  if (!column->used) return true;
  if (column->form == Form::kList) {
    example->lists[*list] = column->keys;
    example->list_weights[*list] = column->weights;
    ++*list;
  } else {
    example->keys[column->place] = column->keys.front();
  }
  return true;
}

void FeatureEncoder::Observe(const std::vector<std::string_view>& values, std::uint64_t place,
                             std::vector<ColumnStatistics>* statistics) {
  ReadNumbers(values);
  numbers_.Observe();
  for (const std::size_t i : classes_) {
    if (numbers_.present(i) && !numbers_.odd(i))
      (*statistics)[numbers_.columns()[i].column].KeepNumber(numbers_.number(i), place);
  }
  for (const std::size_t c : others_) {
    Column& column = columns_[c];
    if (!column.learns) continue;
    std::string_view text = values[column.slot];
    if (column.zero_if_missing && IsMissing(text)) text = kZero;
    ColumnStatistics& learnt = (*statistics)[c];
    if (column.counts_values) {
      ObserveValues(&column, text, &learnt);
      continue;
    }
    double x = 0;
    if (IsMissing(text) || !ReadNumber(column, text, &x)) continue;
    learnt.AddNumber(x);
    if (column.quantiles) learnt.KeepNumber(x, place);
  }
}

void FeatureEncoder::ObserveValues(Column* column, std::string_view text,
                                   ColumnStatistics* statistics) const {
  if (IsMissing(text)) return;
  column->keys.clear();
  if (column->form == Form::kList) {
    EncodeKeys(column, text);
  } else if (SingleId(*column, &text).empty()) {
    column->keys.push_back(Keyed(*column, text));
  }
  for (const Key key : column->keys) statistics->AddValue(key);
}

std::vector<std::size_t> FeatureEncoder::ObservedSlots() const {
  std::vector<std::size_t> slots;
  for (const Column& column : columns_) {
    if (column.learns) slots.push_back(column.slot);
  }
  return slots;
}

bool FeatureEncoder::IsMissing(std::string_view text) const {
  return text.empty() ||
         (!missing_.empty() && std::find(missing_.begin(), missing_.end(), text) != missing_.end());
}

// All the numbers in numbers_. False: some text is no number.
bool FeatureEncoder::ReadNumbers(const std::vector<std::string_view>& values) {
  if (numbers_.Read(values)) return true;
  bool all = true;
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    if (!numbers_.odd(i)) continue;
    const NumericColumn& column = numbers_.columns()[i];
    double x = 0;
    if (ReadNumber(columns_[column.column], values[column.slot], &x)) {
      numbers_.Set(i, x);
    } else {
      all = false;
    }
  }
  return all;
}

// The number, its log if the column takes one. False where the text is no number.
bool FeatureEncoder::ReadNumber(const Column& column, std::string_view text, double* x) const {
  const auto number = ParseNumber(NumberText(text));
  if (number) *x = column.log ? SignedLog(*number) : *number;
  return number.has_value();
}

// libsvm's and libffm's comes as id:number.
std::string_view FeatureEncoder::NumberText(std::string_view text) const {
  return pairs_ ? text.substr(text.rfind(':') + 1) : text;
}

// Cheng et al. 2016, section 4.1: (class - 1) / (classes - 1), in [0, 1].
double FeatureEncoder::Quantile(const Column& column, double x) {
  const auto classes = column.boundaries.size();
  if (classes == 0) return kMiddleQuantile;
  return static_cast<double>(BucketOf(column.boundaries, x)) / static_cast<double>(classes);
}

bool FeatureEncoder::EncodeNumber(const Column& column, std::string_view text, float* value,
                                  std::string* error) const {
  if (IsMissing(text)) {
    if (!column.zero_if_missing) {
      *value = column.quantiles ? kMiddleQuantile : 0;
      return true;
    }
    text = kZero;
  }
  double x = 0;
  if (!ReadNumber(column, text, &x)) {
    *error = NotANumber(column.name, NumberText(text));
    return false;
  }
  if (column.standardises) x = (x - column.mean) / column.stddev;
  if (column.quantiles) x = Quantile(column, x);
  *value = static_cast<float>(x);
  if (std::isfinite(*value)) return true;
  *error =
      fmt::format("column {} = \"{}\" is too large for float32", column.name, NumberText(text));
  return false;
}

// The id of a field that must hold one value: libsvm's and libffm's comes as id:1.
std::string FeatureEncoder::SingleId(const Column& column, std::string_view* text) const {
  if (!pairs_) return {};
  const std::size_t colon = text->rfind(':');
  const bool one = text->find(kSeparatorOfPairs) == std::string_view::npos;
  if (one && colon == std::string_view::npos) return {};
  const auto value = one ? ParseNumber(text->substr(colon + 1)) : std::nullopt;
  if (value != 1.0) {
    return fmt::format(
        "column {} = \"{}\" is not one id with value 1: let its kind be \"multivalent\" with "
        "weighted = true, or \"numeric\"",
        column.name, *text);
  }
  *text = text->substr(0, colon);
  return {};
}

Key FeatureEncoder::Keyed(const Column& column, std::string_view text) const {
  return ValueKey(column.seed, text, column.hash_buckets);
}

std::string FeatureEncoder::EncodeKeys(Column* column, std::string_view text) const {
  column->keys.clear();
  column->weights.clear();
  if (IsMissing(text)) {
    if (column->form != Form::kList) column->keys.push_back(MissingKey(column->seed));
    return {};
  }
  if (column->form == Form::kList) {
    const char separator = column->separator;
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t end = std::min(text.find(separator, at), text.size());
      if (end > at) {
        std::string error = AddListValue(column, text.substr(at, end - at));
        if (!error.empty()) return error;
      }
      at = end + 1;
    }
    return {};
  }
  std::string error = SingleId(*column, &text);
  if (!error.empty()) return error;
  if (column->form == Form::kClass) {
    const auto number = ParseNumber(text);
    if (!number) return NotANumber(column->name, text);
    column->keys.push_back(BucketKey(column->seed, BucketOf(column->boundaries, *number)));
    return {};
  }
  const Key key = Keyed(*column, text);
  const bool rare = column->learnt && column->vocabulary.count(key) == 0;
  column->keys.push_back(rare ? RareKey(column->seed) : key);
  return {};
}

std::string FeatureEncoder::AddListValue(Column* column, std::string_view text) const {
  float weight = 1;
  if (column->weighted || pairs_) {
    const std::size_t colon = text.rfind(':');
    const auto number =
        colon == std::string_view::npos ? std::nullopt : ParseNumber(text.substr(colon + 1));
    if (!number)
      return fmt::format("column {}: \"{}\" is not written value:weight", column->name, text);
    weight = static_cast<float>(*number);
    if (!column->weighted && weight != 1) {
      return fmt::format(
          "column {}: \"{}\" has a weight other than 1: give the column weighted = true",
          column->name, text);
    }
    text = text.substr(0, colon);
  }
  const Key key = Keyed(*column, text);
  const bool rare = column->learnt && column->vocabulary.count(key) == 0;
  column->keys.push_back(rare ? RareKey(column->seed) : key);
  if (column->weighted) column->weights.push_back(weight);
  return {};
}

// One key for each combination of the columns' keys, the last column's turning fastest.
std::string FeatureEncoder::AddCross(const Cross& cross, EncodedExample* example,
                                     std::size_t* list) const {
  std::size_t combinations = 1;
  for (const std::size_t c : cross.columns) {
    combinations *= columns_[c].keys.size();
    if (combinations > kMaxCombinations) {
      return fmt::format("a cross has more than {} combinations in this line", kMaxCombinations);
    }
  }
  std::vector<Key>* out = &example->keys;
  if (cross.multivalent) {
    out = &example->lists[*list];
    out->clear();
    example->list_weights[*list].clear();
    ++*list;
  }
  for (std::size_t i = 0; i < combinations; ++i) {
    std::uint64_t state = CrossStart(cross.seed);
    std::size_t rest = i;
    std::size_t stride = combinations;
    for (const std::size_t c : cross.columns) {
      const std::vector<Key>& keys = columns_[c].keys;
      stride /= keys.size();
      state = CrossFold(state, keys[rest / stride]);
      rest %= stride;
    }
    out->push_back(CrossFinish(cross.seed, state, cross.hash_buckets));
  }
  return {};
}

}  // namespace fathom
