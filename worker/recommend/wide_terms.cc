#include "worker/recommend/wide_terms.h"

#include <algorithm>
#include <cmath>

#include "common/error.h"

namespace fathom {

WideTerms::WideTerms(const Catalogue& catalogue)
    : catalogue_(catalogue),
      scorer_(catalogue.scorer()),
      columns_(MakeColumnEncoders(scorer_.schema(), scorer_.transforms())),
      crosses_(MakeCrossEncoders(scorer_.config(), scorer_.spec())),
      items_(catalogue),
      given_(scorer_.schema(), scorer_.missing_text()),
      values_(columns_.size()) {}

std::vector<WideTerm> WideTerms::Of(const std::vector<std::string_view>& reader, std::size_t item,
                                    std::size_t n) {
  Encode(reader, item);
  const ModelSpec& spec = scorer_.spec();
  std::vector<WideTerm> terms;
  std::size_t number = 0;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (!columns_[c].used() || columns_[c].form() != ColumnEncoder::Form::kNumber) continue;
    const NumericField& field = spec.numerics[number++];
    if (!field.wide || !catalogue_.Gives(columns_[c].slot())) continue;
    const float weight = scorer_.rows().dense()[static_cast<std::size_t>(field.wide_offset)];
    terms.push_back({field.name + " = " + values_[c].texts.front(), weight * values_[c].number});
  }
  const std::size_t first_cross = spec.fields.size() - crosses_.size();
  for (std::size_t f = 0; f < spec.fields.size(); ++f) {
    if (!spec.fields[f].wide || catalogue_.fields()[f].side == FieldSide::kReader) continue;
    if (f < first_cross) {
      AddField(f, &terms);
    } else {
      AddCross(f, crosses_[f - first_cross], &terms);
    }
  }
  for (const WideTerm& term : terms) {
    if (!std::isfinite(term.value))
      Fail(ExitCode::kNumeric,
           "{}: its weight is no finite number: the model is damaged, which opening it with its "
           "checksums compared tells",
           term.name);
  }
  std::erase_if(terms, [](const WideTerm& term) { return term.value == 0; });
  std::stable_sort(terms.begin(), terms.end(), [](const WideTerm& a, const WideTerm& b) {
    return std::fabs(a.value) > std::fabs(b.value);
  });
  if (terms.size() > n) terms.resize(n);
  return terms;
}

void WideTerms::Encode(const std::vector<std::string_view>& reader, std::size_t item) {
  std::vector<std::string_view> pair = items_.Read(item);
  for (std::size_t slot = 0; slot < pair.size(); ++slot) {
    if (!catalogue_.Gives(slot)) pair[slot] = reader[slot];
  }
  const std::vector<std::string_view>& texts = given_.Complete(pair);
  std::string wrong;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const std::string_view text = texts[columns_[c].slot()];
    if (!columns_[c].Encode(text, {}, &wrong)) Fail(ExitCode::kData, "{}", wrong);
    const bool number = columns_[c].form() == ColumnEncoder::Form::kNumber;
    values_[c] = {.keys = number ? std::vector<Key>() : columns_[c].keys(),
                  .weights = number ? std::vector<float>() : columns_[c].weights(),
                  .number = number ? columns_[c].number() : 0};
    values_[c].texts = TextsOf(c, text);
  }
}

// A text a value. Where the parts of a list do not each stand for one of its keys, as with
// `extract`, the whole stands for all.
std::vector<std::string> WideTerms::TextsOf(std::size_t c, std::string_view text) {
  const std::string whole = text.empty() ? "(missing)" : std::string(text);
  const Value& value = values_[c];
  if (columns_[c].form() != ColumnEncoder::Form::kList) return {whole};
  const ColumnConfig& column = scorer_.config().columns[c];
  const bool pairs = Has(scorer_.config().data.format, FormatTrait::kPairs);
  const char separator = pairs ? ' ' : column.separator.front();
  std::vector<std::string> texts;
  std::vector<Key> keys;
  std::string wrong;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    begin = end + 1;
    if (!columns_[c].Encode(part, {}, &wrong) || columns_[c].keys().size() != 1) continue;
    texts.emplace_back(part);
    keys.push_back(columns_[c].keys().front());
  }
  if (keys == value.keys) return texts;
  return std::vector<std::string>(value.keys.size(), whole);
}

float WideTerms::Weight(std::size_t f, Key key) {
  scorer_.rows().Read(static_cast<std::size_t>(scorer_.spec().fields[f].table), {&key, 1}, &row_);
  return row_.wide.front();
}

void WideTerms::AddField(std::size_t f, std::vector<WideTerm>* terms) {
  const Field& field = scorer_.spec().fields[f];
  const Value& value = values_[catalogue_.fields()[f].columns.front()];
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const float weight = field.weighted ? value.weights[i] : 1.0F;
    terms->push_back({field.name + " = " + value.texts[i],
                      weight * PoolingShare(field, value.keys.size()) * Weight(f, value.keys[i])});
  }
}

void WideTerms::AddCross(std::size_t f, const CrossEncoder& cross, std::vector<WideTerm>* terms) {
  const Field& field = scorer_.spec().fields[f];
  std::size_t count = 1;
  for (const std::size_t c : cross.columns()) count *= values_[c].keys.size();
  std::vector<Key> combination(cross.columns().size());
  for (std::size_t i = 0; i < count; ++i) {
    std::string name = field.name + " = ";
    std::size_t rest = i;
    for (std::size_t p = 0; p < combination.size(); ++p) {
      const Value& value = values_[cross.columns()[p]];
      const std::size_t at = rest % value.keys.size();
      rest /= value.keys.size();
      combination[p] = value.keys[at];
      name += (p == 0 ? "" : " & ") + value.texts[at];
    }
    terms->push_back({name, PoolingShare(field, count) * Weight(f, cross.KeyOf(combination))});
  }
}

}  // namespace fathom
