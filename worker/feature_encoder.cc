#include "worker/feature_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "worker/number.h"

namespace fathom {
namespace {

// Combinations of one cross in one example.
constexpr std::size_t kMaxCombinations = 4096;
constexpr float kMiddleQuantile = 0.5F;
constexpr std::string_view kZero = "0";

const std::string& SourceOf(const ColumnConfig& column) {
  return column.source.empty() ? column.name : column.source;
}

std::string NotANumber(const std::string& column, std::string_view text) {
  return fmt::format("column {} = \"{}\" is no number (data.missing lists what means unknown)",
                     column, text);
}

}  // namespace

FeatureEncoder::FeatureEncoder(const InputSchema& schema, const ModelSpec& spec,
                               const Transforms& transforms)
    : schema_(schema),
      pairs_(schema.config().data.format == "libsvm" || schema.config().data.format == "libffm"),
      group_seed_(ColumnSeed("group_by " + schema.config().evaluate.group_by)) {
  const Config& config = schema.config();
  for (const ColumnConfig& settings : config.columns) {
    Column column{.config = settings,
                  .slot = schema.Slot(SourceOf(settings)),
                  .seed = ColumnSeed(settings.name)};
    column.numeric = settings.kind == "numeric";
    column.multivalent = settings.kind == "multivalent";
    column.zero_if_missing = settings.missing_as == "zero";
    column.used = settings.use != "none";
    column.boundaries = settings.boundaries;
    if (const auto learnt = transforms.find(settings.name); learnt != transforms.end()) {
      if (settings.transform == "quantiles") column.boundaries = learnt->second.boundaries;
      column.learnt = settings.transform == "vocabulary";
      column.mean = learnt->second.mean;
      column.stddev = learnt->second.stddev;
      column.vocabulary.insert(learnt->second.vocabulary.begin(), learnt->second.vocabulary.end());
    }
    columns_.push_back(std::move(column));
  }
  for (const CrossConfig& settings : config.crosses) {
    Cross cross{.hash_buckets = static_cast<std::uint64_t>(settings.hash_buckets)};
    for (const std::string& name : settings.columns) {
      const auto place = std::find_if(columns_.begin(), columns_.end(),
                                      [&](const Column& c) { return c.config.name == name; });
      cross.columns.push_back(static_cast<std::size_t>(place - columns_.begin()));
      cross.multivalent |= place->multivalent;
    }
    crosses_.push_back(std::move(cross));
  }
  // Crosses are the last fields of the model, in order.
  for (std::size_t c = 0; c < crosses_.size(); ++c)
    crosses_[c].seed = spec.fields[spec.fields.size() - crosses_.size() + c].seed;
  for (const Field& field : spec.fields) multivalents_ += field.multivalent ? 1 : 0;
  if (schema.labelled()) label_slot_ = schema.Slot(schema.label().column());
  grouped_ = spec.grouped;
  if (grouped_) group_slot_ = schema.Slot(config.evaluate.group_by);
}

std::string FeatureEncoder::Encode(const std::vector<std::string_view>& values,
                                   EncodedExample* example) {
  example->keys.clear();
  example->numerics.clear();
  example->lists.resize(multivalents_);
  example->list_weights.resize(multivalents_);
  std::size_t list = 0;
  std::string error;
  for (Column& column : columns_) {
    const std::string_view text = values[column.slot];
    if (column.numeric) {
      float value = 0;
      error = EncodeNumber(column, text, &value);
      if (!error.empty()) return error;
      if (column.used) example->numerics.push_back(value);
      continue;
    }
    error = EncodeKeys(&column, text);
    if (!error.empty()) return error;
    if (!column.used) continue;
    if (column.multivalent) {
      example->lists[list] = column.keys;
      example->list_weights[list] = column.weights;
      ++list;
    } else {
      example->keys.push_back(column.keys.front());
    }
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

void FeatureEncoder::Observe(const std::vector<std::string_view>& values, std::uint64_t place,
                             std::vector<ColumnStatistics>* statistics) {
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    Column& column = columns_[c];
    if (!LearnsFromData(column.config)) continue;
    std::string_view text = values[column.slot];
    if (IsMissing(text)) {
      if (!column.zero_if_missing) continue;
      text = kZero;
    }
    if (column.config.transform == "vocabulary") {
      column.keys.clear();
      if (column.multivalent) {
        EncodeKeys(&column, text);
      } else if (SingleId(column, &text).empty()) {
        column.keys.push_back(Keyed(column, text));
      }
      for (const Key key : column.keys) (*statistics)[c].AddValue(key);
    } else {
      if (pairs_) text = text.substr(text.rfind(':') + 1);
      if (const auto number = ParseNumber(text)) {
        const double x = TakesLog(column.config) ? SignedLog(*number) : *number;
        (*statistics)[c].AddNumber(x, place);
      }
    }
  }
}

bool FeatureEncoder::IsMissing(std::string_view text) const {
  const auto& missing = schema_.config().data.missing;
  return text.empty() || std::find(missing.begin(), missing.end(), text) != missing.end();
}

std::string FeatureEncoder::EncodeNumber(const Column& column, std::string_view text,
                                         float* value) const {
  const bool quantiles = column.config.transform == "quantiles";
  if (IsMissing(text)) {
    if (!column.zero_if_missing) {
      *value = quantiles ? kMiddleQuantile : 0;
      return {};
    }
    text = kZero;
  }
  if (pairs_) text = text.substr(text.rfind(':') + 1);
  const auto number = ParseNumber(text);
  if (!number) return NotANumber(column.config.name, text);
  double x = *number;
  if (TakesLog(column.config)) x = SignedLog(x);
  if (Standardises(column.config)) x = (x - column.mean) / column.stddev;
  if (quantiles) {
    // Cheng et al. 2016, section 4.1: (class - 1) / (classes - 1), in [0, 1].
    const auto classes = column.boundaries.size();
    x = classes == 0
            ? kMiddleQuantile
            : static_cast<double>(BucketOf(column.boundaries, x)) / static_cast<double>(classes);
  }
  *value = static_cast<float>(x);
  if (!std::isfinite(*value))
    return fmt::format("column {} = \"{}\" is too large for float32", column.config.name, text);
  return {};
}

// The id of a field that must hold one value: libsvm's and libffm's comes as id:1.
std::string FeatureEncoder::SingleId(const Column& column, std::string_view* text) const {
  if (!pairs_) return {};
  const std::size_t colon = text->rfind(':');
  const bool one = text->find(separator_of_pairs_) == std::string_view::npos;
  if (one && colon == std::string_view::npos) return {};
  const auto value = one ? ParseNumber(text->substr(colon + 1)) : std::nullopt;
  if (value != 1.0) {
    return fmt::format(
        "column {} = \"{}\" is not one id with value 1: let its kind be \"multivalent\" with "
        "weighted = true, or \"numeric\"",
        column.config.name, *text);
  }
  *text = text->substr(0, colon);
  return {};
}

Key FeatureEncoder::Keyed(const Column& column, std::string_view text) const {
  return ValueKey(column.seed, text, static_cast<std::uint64_t>(column.config.hash_buckets));
}

std::string FeatureEncoder::EncodeKeys(Column* column, std::string_view text) const {
  column->keys.clear();
  column->weights.clear();
  if (IsMissing(text)) {
    if (!column->multivalent) column->keys.push_back(MissingKey(column->seed));
    return {};
  }
  if (column->multivalent) {
    const char separator = pairs_ ? separator_of_pairs_ : column->config.separator.front();
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
  if (column->config.transform == "buckets" || column->config.transform == "quantiles") {
    const auto number = ParseNumber(text);
    if (!number) return NotANumber(column->config.name, text);
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
  if (column->config.weighted || pairs_) {
    const std::size_t colon = text.rfind(':');
    const auto number =
        colon == std::string_view::npos ? std::nullopt : ParseNumber(text.substr(colon + 1));
    if (!number)
      return fmt::format("column {}: \"{}\" is not written value:weight", column->config.name,
                         text);
    weight = static_cast<float>(*number);
    if (!column->config.weighted && weight != 1) {
      return fmt::format(
          "column {}: \"{}\" has a weight other than 1: give the column weighted = true",
          column->config.name, text);
    }
    text = text.substr(0, colon);
  }
  const Key key = Keyed(*column, text);
  const bool rare = column->learnt && column->vocabulary.count(key) == 0;
  column->keys.push_back(rare ? RareKey(column->seed) : key);
  if (column->config.weighted) column->weights.push_back(weight);
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
