#include "worker/feature/column_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "common/finite.h"
#include "common/model/feature_name.h"
#include "worker/text/csv.h"
#include "worker/text/number.h"
#include "worker/transform/signed_log.h"

namespace fathom {
namespace {

constexpr std::string_view kZero = "0";
constexpr char kSeparatorOfPairs = ' ';

ColumnEncoder::Form FormOf(ColumnKind kind) {
  if (kind == ColumnKind::kNumeric) return ColumnEncoder::Form::kNumber;
  return kind == ColumnKind::kMultivalent ? ColumnEncoder::Form::kList
                                          : ColumnEncoder::Form::kValue;
}

}  // namespace

ColumnEncoder::ColumnEncoder(const ColumnConfig& column, std::size_t slot, bool pairs, bool trims,
                             MissingTexts missing, std::shared_ptr<const Transform> transform)
    : form_(FormOf(column.kind)),
      used_(column.use != Use::kNone),
      zero_if_missing_(column.missing_as == MissingAs::kZero),
      weighted_(column.weighted),
      pairs_(pairs),
      trims_(trims),
      separator_(pairs ? kSeparatorOfPairs : column.separator.c_str()[0]),
      slot_(slot),
      seed_(ColumnSeed(column.name)),
      transform_(std::move(transform)),
      missing_(std::move(missing)),
      name_(column.name) {
  steps_ = transform_->Steps();
  if (!column.extract.empty()) extraction_.emplace(column.extract, column.name);
}

// A field that means "missing" is asked no further.
std::string_view ColumnEncoder::Extracted(std::string_view text) const {
  return extraction_ && !missing_.Has(text) ? extraction_->Of(text) : text;
}

bool ColumnEncoder::Encode(std::string_view text, const LinePlace& line, std::string* error) {
  text = Extracted(text);
  if (form_ == Form::kNumber)
    return transform_->OfText() ? EncodeNumberOfText(text, line, error) : EncodeNumber(text, error);
  keys_.clear();
  weights_.clear();
  names_.clear();
  return form_ == Form::kList ? EncodeList(text, error) : EncodeValue(text, error);
}

bool ColumnEncoder::EncodeNumber(std::string_view text, std::string* error) {
  if (missing_.Has(text)) {
    number_ = transform_->Missing();
    if (!zero_if_missing_) return true;
    text = kZero;
  }
  double x = 0;
  if (!ReadNumber(text, &x)) {
    const bool several = pairs_ && text.find(kSeparatorOfPairs) != std::string_view::npos;
    *error =
        several ? fmt::format("column {}: the line has more than one value for it: {}", name_, text)
                : NotANumber(name_, NumberText(text));
    return false;
  }
  x = (x - steps_.mean) / steps_.stddev;
  if (steps_.further) x = transform_->Further(x);
  number_ = static_cast<float>(x);
  if (MayBeNumbers({&number_, 1})) return true;
  *error = fmt::format(
      "column {} = \"{}\" is too large: {} is beyond {:g}, which the model takes at most; mend "
      "the "
      "line, or give the column a transform such as \"log\"",
      name_, NumberText(text),
      std::isfinite(number_) ? fmt::format("{:g}", number_) : std::string(NumberText(text)),
      kMaxNumber);
  return false;
}

bool ColumnEncoder::EncodeNumberOfText(std::string_view text, const LinePlace& line,
                                       std::string* error) {
  if (missing_.Has(text)) {
    number_ = zero_if_missing_ ? transform_->OfUnseen() : transform_->Missing();
    return true;
  }
  if (!SingleId(&text, error)) return false;
  number_ = transform_->NumberOf(text, line);
  return true;
}

bool ColumnEncoder::ReadNumber(std::string_view text, double* x) const {
  const auto number = ParseNumber(NumberText(text));
  if (number) *x = steps_.log ? SignedLog(*number) : *number;
  return number.has_value();
}

// A pair's comes as id:number. Several pairs are no number.
std::string_view ColumnEncoder::NumberText(std::string_view text) const {
  const bool one = pairs_ && text.find(kSeparatorOfPairs) == std::string_view::npos;
  return one ? text.substr(text.rfind(':') + 1) : text;
}

bool ColumnEncoder::EncodeValue(std::string_view text, std::string* error) {
  Key key = MissingKey(seed_);
  if (!missing_.Has(text)) {
    if (!SingleId(&text, error) || !transform_->KeyOf(text, &key, error)) return false;
  }
  keys_.push_back(key);
  if (keeps_names_) names_.push_back(NameOf(text, key));
  return true;
}

std::string ColumnEncoder::NameOf(std::string_view value, Key key) const {
  if (key == MissingKey(seed_)) return std::string(kMissingName);
  if (key == RareKey(seed_)) return std::string(kRareName);
  return transform_->NameOf(value);
}

// The id of a field that must hold one value: a pair's comes as id:1.
bool ColumnEncoder::SingleId(std::string_view* text, std::string* error) const {
  if (!pairs_) return true;
  const std::size_t colon = text->rfind(':');
  const bool one = text->find(kSeparatorOfPairs) == std::string_view::npos;
  if (one && colon == std::string_view::npos) return true;
  const auto value = one ? ParseNumber(text->substr(colon + 1)) : std::nullopt;
  if (value == 1.0) {
    *text = text->substr(0, colon);
    return true;
  }
  *error = fmt::format(
      "column {} = \"{}\" is not one id with value 1: let its kind be \"multivalent\" with "
      "weighted = true, or \"numeric\"",
      name_, *text);
  return false;
}

bool ColumnEncoder::EncodeList(std::string_view text, std::string* error) {
  if (missing_.Has(text)) return true;
  return ForEachInList(text, [&](std::string_view value) {
    float weight = 1;
    Key key = 0;
    if (!ListId(&value, &weight, error) || !transform_->KeyOf(value, &key, error)) return false;
    keys_.push_back(key);
    if (weighted_) weights_.push_back(weight);
    if (keeps_names_) names_.push_back(NameOf(value, key));
    return true;
  });
}

// Until take(value) returns false; then false.
template <typename Take>
bool ColumnEncoder::ForEachInList(std::string_view text, Take take) const {
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator_, at), text.size());
    const std::string_view field = text.substr(at, end - at);
    const std::string_view value = trims_ ? TrimmedField(field) : field;
    if (!value.empty() && !take(value)) return false;
    at = end + 1;
  }
  return true;
}

// Takes the weight off a list's value.
bool ColumnEncoder::ListId(std::string_view* text, float* weight, std::string* error) const {
  if (!weighted_ && !pairs_) return true;
  const std::size_t colon = text->rfind(':');
  std::string_view weight_text = text->substr(colon + 1);
  if (trims_) weight_text = TrimmedField(weight_text);
  const auto number = colon == std::string_view::npos ? std::nullopt : ParseNumber(weight_text);
  if (!number) {
    *error = fmt::format("column {}: \"{}\" is not written value:weight", name_, *text);
    return false;
  }
  *weight = static_cast<float>(*number);
  if (!MayBeNumbers({weight, 1})) {
    *error = fmt::format("column {}: the weight of \"{}\" is too large: the model takes up to {:g}",
                         name_, *text, kMaxNumber);
    return false;
  }
  if (!weighted_ && *weight != 1) {
    *error =
        fmt::format("column {}: \"{}\" has a weight other than 1: give the column weighted = true",
                    name_, *text);
    return false;
  }
  *text = text->substr(0, colon);
  if (trims_) *text = TrimmedField(*text);
  return true;
}

void ColumnEncoder::ObserveText(std::string_view text, std::uint64_t place,
                                std::optional<std::uint8_t> label,
                                ColumnStatistics* statistics) const {
  std::string error;
  if (missing_.Has(text)) {
    if (zero_if_missing_) statistics->AddNumber(0, place);
  } else if (!SingleId(&text, &error)) {
    return;
  } else if (!transform_->LearnsFromLabels()) {
    statistics->AddValue(text, place);
  } else if (label) {
    statistics->AddLabelled(text, place, *label == 1);
  }
}

void ColumnEncoder::Observe(std::string_view text, std::uint64_t place,
                            std::optional<std::uint8_t> label, ColumnStatistics* statistics) const {
  text = Extracted(text);
  if (transform_->OfText()) return ObserveText(text, place, label, statistics);
  if (zero_if_missing_ && missing_.Has(text)) text = kZero;
  if (missing_.Has(text)) return;
  std::string error;
  if (form_ == Form::kNumber) {
    double x = 0;
    if (!ReadNumber(text, &x)) return;
    Moments* const moments = statistics->OnlyMoments();
    if (moments != nullptr) {
      moments->Add(x);
    } else {
      statistics->AddNumber(x, place);
    }
  } else if (form_ == Form::kValue) {
    if (SingleId(&text, &error)) statistics->AddValue(text, place);
  } else {
    ForEachInList(text, [&](std::string_view value) {
      float weight = 1;
      if (!ListId(&value, &weight, &error)) return false;
      statistics->AddValue(value, place);
      return true;
    });
  }
}

}  // namespace fathom
