#include "worker/explain/explanation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "common/check.h"
#include "common/error.h"

namespace fathom {

double Explanation::Sum() const {
  double sum = bias + deep_biases;
  for (const ExplainedField& field : fields) {
    for (const ExplainedValue& value : field.values) sum += value.Sum();
  }
  for (const ExplainedNumber& number : numbers) sum += number.Sum();
  return sum;
}

Explainer::Explainer(const Scorer& scorer)
    : scorer_(scorer),
      spec_(scorer.spec()),
      encoder_(scorer.schema(), spec_, scorer.transforms()),
      given_(scorer.schema(), scorer.missing_text()),
      columns_(MakeColumnEncoders(scorer.schema(), scorer.transforms())),
      crosses_(MakeCrossEncoders(scorer.config(), spec_)),
      parts_(MakeParts(spec_, 1)),
      builder_(spec_, list_) {
  for (ColumnEncoder& column : columns_) column.KeepNames();
  batch_.slice_size = 1;
  batch_.slices = 1;
  rows_.tables.resize(spec_.tables.size());
  rows_.dense = scorer.rows().dense();
}

Explanation Explainer::ExplainGiven(std::span<const std::string_view> texts) {
  return Explain(given_.Complete(texts));
}

Explanation Explainer::Explain(const std::vector<std::string_view>& texts) {
  Encode(texts);
  Explanation explained;
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    parts_[p]->Forward({batch_, 0, rows_}, &explained.logit);
    if (spec_.parts[p] == ModelPartKind::kDeep) deep_ = GradientsOf(*parts_[p]);
    if (spec_.parts[p] == ModelPartKind::kFm) fm_ = GradientsOf(*parts_[p]);
  }
  explained.has_fm = spec_.Has(ModelPartKind::kFm);
  explained.bias = rows_.dense.front();
  for (const LayerSpec& layer : spec_.layers) {
    const auto begin = static_cast<std::size_t>(layer.bias_offset);
    const auto end = begin + static_cast<std::size_t>(layer.outputs);
    for (std::size_t i = begin; i < end; ++i)
      explained.deep_biases += double{rows_.dense[i]} * deep_.dense[i];
  }
  std::size_t field = 0, number = 0;
  for (const ColumnEncoder& column : columns_) {
    if (!column.used()) continue;
    const std::string text(texts[column.slot()]);
    if (column.form() == ColumnEncoder::Form::kNumber) {
      AddNumber(number++, text, &explained);
    } else {
      AddField(field++, text, column.keys(), column.names(), &explained);
    }
  }
  for (const CrossEncoder& cross : crosses_) {
    std::vector<Key> keys;
    std::vector<std::string> names;
    cross.Encode(columns_, &keys);  // the encoder has read it: there are not too many
    cross.AddNames(columns_, &names);
    AddField(field++, {}, keys, names, &explained);
  }
  return explained;
}

// Fills batch and rows with the one example.
void Explainer::Encode(const std::vector<std::string_view>& texts) {
  std::string wrong = encoder_.Encode(texts, &example_);
  for (ColumnEncoder& column : columns_) {
    if (wrong.empty()) column.Encode(texts[column.slot()], {}, &wrong);
  }
  if (!wrong.empty()) Fail(ExitCode::kData, "{}", wrong);
  list_.Add(example_);
  builder_.Fill(
      1, [](std::uint32_t) { return std::uint64_t{0}; }, &batch_);
  list_.Clear();
  for (std::size_t t = 0; t < rows_.tables.size(); ++t)
    scorer_.rows().Read(t, batch_.tables[t].keys, &rows_.tables[t]);
}

Explainer::PartGradients Explainer::GradientsOf(ModelPart& part) {
  PartGradients gradients;
  gradients.rows.resize(spec_.tables.size());
  for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
    const std::size_t segments = batch_.tables[t].segments.size();
    gradients.rows[t].deep.assign(segments * static_cast<std::size_t>(spec_.tables[t].dim), 0.0F);
  }
  gradients.dense.assign(static_cast<std::size_t>(spec_.dense_floats), 0.0F);
  AlignedVector<float> step_weights(part.step_weight_floats());
  part.MakeStepWeights(rows_.dense.data(), step_weights.data());
  const float one = 1;
  part.Backward({batch_, 0, rows_}, &one, step_weights.data(),
                {gradients.rows, gradients.dense.data()});
  return gradients;
}

// Its row times its gradient.
double Explainer::RowShare(std::size_t table, std::uint32_t segment,
                           const PartGradients& gradients) const {
  const auto dim = static_cast<std::size_t>(spec_.tables[table].dim);
  const float* const row =
      rows_.tables[table].deep.data() + batch_.tables[table].segments[segment].row * dim;
  const float* const gradient = gradients.rows[table].deep.data() + segment * dim;
  return std::inner_product(row, row + dim, gradient, 0.0);
}

void Explainer::AddField(std::size_t f, const std::string& text, const std::vector<Key>& keys,
                         const std::vector<std::string>& names, Explanation* to) const {
  const Field& field = spec_.fields[f];
  const auto t = static_cast<std::size_t>(field.table);
  const TableBatch& table = batch_.tables[t];
  const PulledRows::Table& rows = rows_.tables[t];
  const auto dim = static_cast<std::size_t>(spec_.tables[t].dim);
  ExplainedField explained{.name = field.name,
                           .text = text,
                           .is_cross = field.is_cross,
                           .is_wide = field.wide,
                           .is_deep = field.dim > 0,
                           .values = {}};
  std::vector<std::uint8_t> is_there(table.segments.size());
  for (std::size_t k = 0; k < keys.size(); ++k) {
    const auto [begin, end] = batch_.SegmentsOf(t, 0, f);
    std::uint32_t s = begin;
    while (s < end && table.keys[table.segments[s].row] != keys[k]) ++s;
    FATHOM_CHECK(s < end);
    if (std::exchange(is_there[s], std::uint8_t{1}) != 0) continue;
    const Segment& segment = table.segments[s];
    ExplainedValue value{
        .name = names[k], .key = keys[k], .has_row = rows.has_row[segment.row] != 0};
    value.scale = 0;
    for (std::uint32_t o = segment.begin; o < segment.end; ++o) value.scale += table.Scale(o);
    if (field.wide) {
      value.wide_weight = rows.wide[segment.row];
      value.wide = double{value.scale} * value.wide_weight;
    }
    if (field.dim > 0) {
      const float* const row = rows.deep.data() + segment.row * dim;
      value.norm = std::sqrt(std::inner_product(row, row + dim, row, 0.0F));
      if (!deep_.rows.empty()) value.deep = RowShare(t, s, deep_);
      if (!fm_.rows.empty()) value.fm = RowShare(t, s, fm_) / 2;
    }
    explained.values.push_back(std::move(value));
  }
  to->fields.push_back(std::move(explained));
}

// The gradient of a weight of the first layer is the input times the gradient of an output.
void Explainer::AddNumber(std::size_t n, const std::string& text, Explanation* to) const {
  const NumericField& field = spec_.numerics[n];
  ExplainedNumber number{.name = field.name,
                         .text = text,
                         .value = batch_.numerics[n],
                         .is_wide = field.wide,
                         .is_deep = field.deep};
  if (field.wide)
    number.wide = double{rows_.dense[static_cast<std::size_t>(field.wide_offset)]} * number.value;
  if (field.deep && !spec_.layers.empty()) {
    const LayerSpec& first = spec_.layers.front();
    const auto outputs = static_cast<std::size_t>(first.outputs);
    const std::size_t begin = static_cast<std::size_t>(first.weight_offset) +
                              static_cast<std::size_t>(field.input_offset) * outputs;
    for (std::size_t i = begin; i < begin + outputs; ++i)
      number.deep += double{rows_.dense[i]} * deep_.dense[i];
  }
  to->numbers.push_back(std::move(number));
}

}  // namespace fathom
