#include "worker/predict/scorer.h"

#include <algorithm>
#include <utility>

#include "common/model/checked_file.h"
#include "common/model/own_spec.h"
#include "common/model/partition_file.h"
#include "common/settings/model_settings.h"

namespace fathom {
namespace {

constexpr std::uint32_t kSliceSize = 256;
// Examples that share the rows that they read.
constexpr std::uint32_t kExamplesAtOnce = 4096;

// Also the texts that scoring does not read. Of a bundle its opening has checked them.
void CheckTexts(const TrainedModel& model) {
  for (const ModelFileEntry& file : model.manifest.files) {
    if (!PartitionOfFile(file.name)) ReadChecked(model.dir, file);
  }
}

}  // namespace

std::vector<ScoringInput> InputsOf(const InputSchema& schema) {
  std::vector<ScoringInput> inputs;
  for (const InputSchema::Source& source : schema.sources()) {
    inputs.push_back({.name = source.column, .required = source.join < 0});
    for (const ColumnConfig& column : schema.config().columns) {
      if (SourceOf(column) == source.column) inputs.back().columns.push_back(column.name);
    }
  }
  return inputs;
}

Config ConfigOfLines(Config config) {
  config.data.filter.clear();
  config.data.split_by.clear();
  config.data.negative_rate = 1;
  config.data.weight.clear();
  config.evaluate.group_by.clear();
  config.columns = ColumnsInUse(config);
  return config;
}

Scorer::Scorer(TrainedModel model, Config config, std::unique_ptr<const ModelRows> rows,
               JoinsFrom joins)
    : model_(std::move(model)),
      config_(std::move(config)),
      spec_(MakeOwnSpec(model_.dir, model_.manifest, config_)),
      schema_(config_, false, joins == JoinsFrom::kModel ? &model_.side_tables : nullptr),
      transforms_(config_.columns, TransformsFromJson(model_.transforms_json, config_)),
      rows_(std::move(rows)),
      inputs_(InputsOf(schema_)) {
  const std::vector<std::string>& missing = config_.data.missing;
  if (!missing.empty() && std::find(missing.begin(), missing.end(), "") == missing.end())
    missing_text_ = missing.front();
}

std::unique_ptr<const Scorer> Scorer::Open(const std::filesystem::path& path, bool verify) {
  TrainedModel model = OpenModel(path);
  auto rows = OpenRows(model, verify ? RowCheck::kAll : RowCheck::kNone);
  if (verify && !model.bundle) CheckTexts(model);
  Config config = ConfigOfLines(model.config);
  return std::make_unique<Scorer>(std::move(model), std::move(config), std::move(rows));
}

ScoringSession::ScoringSession(const Scorer& scorer)
    : scorer_(scorer),
      encoder_(scorer.schema(), scorer.spec(), scorer.transforms()),
      given_(scorer.schema(), scorer.missing_text()),
      builder_(scorer.spec(), list_),
      model_(scorer.spec(), kSliceSize),
      missing_(scorer.spec().fields.size()) {
  batch_.slice_size = kSliceSize;
  rows_.tables.resize(scorer.spec().tables.size());
  rows_.dense = scorer.rows().dense();
}

std::string ScoringSession::Add(const std::vector<std::string_view>& values) {
  std::string error = encoder_.Encode(values, &example_);
  if (error.empty()) list_.Add(example_);
  return error;
}

std::string ScoringSession::AddGiven(std::span<const std::string_view> values) {
  return Add(given_.Complete(values));
}

void ScoringSession::Score(float* logits) {
  const auto examples = static_cast<std::uint32_t>(list_.examples());
  for (std::uint32_t first = 0; first < examples; first += kExamplesAtOnce) {
    const std::uint32_t count = std::min(kExamplesAtOnce, examples - first);
    batch_.slices = (count + kSliceSize - 1) / kSliceSize;
    builder_.Fill(
        count, [first](std::uint32_t i) { return first + i; }, &batch_);
    for (std::size_t t = 0; t < rows_.tables.size(); ++t)
      scorer_.rows().Read(t, batch_.tables[t].keys, &rows_.tables[t]);
    missing_.Add(batch_, rows_);
    for (std::uint32_t s = 0; s < batch_.slices; ++s)
      model_.Forward(batch_, s, rows_, logits + first + s * kSliceSize);
  }
  list_.Clear();
}

std::vector<FieldCoverage> ScoringSession::Coverage() const {
  std::vector<FieldCoverage> fields;
  for (std::size_t f = 0; f < missing_.values.size(); ++f) {
    fields.push_back({.name = scorer_.spec().fields[f].name,
                      .values = missing_.values[f],
                      .without_row = missing_.without_row[f],
                      .is_cross = scorer_.spec().fields[f].is_cross});
  }
  return fields;
}

void ScoringSession::AddCoverage(const ScoringSession& session,
                                 std::vector<FieldCoverage>* fields) {
  const std::vector<FieldCoverage> more = session.Coverage();
  if (fields->empty()) {
    *fields = more;
    return;
  }
  for (std::size_t f = 0; f < more.size(); ++f) {
    (*fields)[f].values += more[f].values;
    (*fields)[f].without_row += more[f].without_row;
  }
}

}  // namespace fathom
