#include "common/model/model_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>

#include "common/elementary.h"
#include "common/error.h"
#include "common/key.h"
#include "common/random.h"

namespace fathom {
namespace {

// Widths are rounded up to this many floats: one AVX-512 register, one cache line.
constexpr int kPadFloats = 16;
constexpr std::int64_t kMaxInputWidth = 1 << 20;
constexpr std::int64_t kMaxDenseFloats = 1 << 28;

int Padded(int floats) { return (floats + kPadFloats - 1) / kPadFloats * kPadFloats; }

// Whether a setting asks for the age of rows.
bool KeepsLastStep(const ServerConfig& server) {
  return server.evict_unused_steps > 0 || (server.at_limit == AtLimit::kEvictOldest &&
                                           server.memory_limit.given() && server.cold_tier.empty());
}

int TableFor(ModelSpec* spec, const Config& config, bool wide, int dim) {
  TableSpec table{.name = (wide ? (dim > 0 ? "wide_deep" : "wide") : "deep") +
                          (dim > 0 ? std::to_string(dim) : std::string()),
                  .wide = wide,
                  .dim = dim,
                  .row_wise = config.deep.Has("row_wise") && config.deep["row_wise"] != 0,
                  .precision = dim > 0 ? config.deep.precision : Precision::kFloat32,
                  .last_step = KeepsLastStep(config.server)};
  if (wide) table.wide_rule = config.wide.optimizer;
  if (dim > 0) table.deep_rule = config.deep.optimizer;
  const auto found = std::find(spec->tables.begin(), spec->tables.end(), table);
  if (found != spec->tables.end()) return static_cast<int>(found - spec->tables.begin());
  spec->tables.push_back(table);
  return static_cast<int>(spec->tables.size()) - 1;
}

void AddField(ModelSpec* spec, const Config& config, const std::string& name, Use use,
              std::int64_t dim, Pooling pooling, bool multivalent, bool weighted) {
  Field field{
      .name = name, .seed = ColumnSeed(name), .multivalent = multivalent, .weighted = weighted};
  field.wide = UsesWide(use);
  field.dim = UsesDeep(use) ? static_cast<int>(dim > 0 ? dim : config.model.embedding_dim) : 0;
  field.pooling = pooling;
  field.table = TableFor(spec, config, field.wide, field.dim);
  spec->fields.push_back(std::move(field));
}

const ColumnConfig& ColumnOf(const Config& config, const CrossConfig& cross,
                             const std::string& name) {
  for (const ColumnConfig& column : config.columns) {
    if (column.name != name) continue;
    if (column.kind != ColumnKind::kNumeric) return column;
    Fail(ExitCode::kUsage,
         "cross.columns: column \"{}\" is numeric; cut it into classes first: a second [[column]] "
         "with "
         "source = \"{}\", kind = \"categorical\", transform = \"buckets\" or \"quantiles\"",
         name, SourceOf(column));
  }
  Fail(ExitCode::kUsage,
       "cross.columns: there is no [[column]] named \"{}\" (in a cross of {} columns)", name,
       cross.columns.size());
}

void AddColumns(ModelSpec* spec, const Config& config) {
  std::set<std::string> names;
  for (const ColumnConfig& column : config.columns) {
    if (!names.insert(column.name).second)
      Fail(ExitCode::kUsage, "column.name: two columns are named \"{}\"", column.name);
    if (column.use == Use::kNone) continue;
    if (column.kind == ColumnKind::kNumeric) {
      spec->numerics.push_back(
          {.name = column.name, .wide = UsesWide(column.use), .deep = UsesDeep(column.use)});
    } else {
      AddField(spec, config, column.name, column.use, column.dim, column.pooling,
               column.kind == ColumnKind::kMultivalent, column.weighted);
    }
  }
}

void AddCrosses(ModelSpec* spec, const Config& config) {
  for (const CrossConfig& cross : config.crosses) {
    if (cross.columns.size() < 2)
      Fail(ExitCode::kUsage, "cross.columns: a cross needs two columns or more");
    bool multivalent = false;
    for (const std::string& column : cross.columns)
      multivalent |= ColumnOf(config, cross, column).kind == ColumnKind::kMultivalent;
    const std::string name = CrossName(cross);
    for (const Field& field : spec->fields) {
      if (field.name == name)
        Fail(ExitCode::kUsage, "cross.columns: the cross \"{}\" is there twice", name);
    }
    AddField(spec, config, name, cross.use, cross.dim, cross.pooling, multivalent, false);
    spec->fields.back().is_cross = true;
  }
}

// Offsets into the MLP's input; its padded width.
void LayOutInput(ModelSpec* spec) {
  std::int64_t width = 0;
  for (Field& field : spec->fields) {
    if (field.dim == 0) continue;
    field.input_offset = static_cast<int>(width);
    width += field.dim;
  }
  for (NumericField& numeric : spec->numerics) {
    if (!numeric.deep) continue;
    numeric.input_offset = static_cast<int>(width);
    ++width;
  }
  if (width > kMaxInputWidth) {
    Fail(ExitCode::kUsage,
         "the deep part would read {} numbers an example, at most {}: lower model.embedding_dim",
         width, kMaxInputWidth);
  }
  spec->input_width = Padded(static_cast<int>(width));
}

void LayOutDense(ModelSpec* spec, const Config& config) {
  std::int64_t offset = 1;  // the bias
  for (NumericField& numeric : spec->numerics) {
    if (numeric.wide) numeric.wide_offset = static_cast<int>(offset++);
  }
  if (spec->input_width > 0) {
    int inputs = spec->input_width;
    std::vector<std::int64_t> widths = config.model.hidden;
    widths.push_back(1);
    for (const std::int64_t width : widths) {
      LayerSpec layer{.inputs = inputs, .outputs = static_cast<int>(width)};
      // Matrices start on a cache line.
      offset = (offset + kPadFloats - 1) / kPadFloats * kPadFloats;
      layer.weight_offset = static_cast<int>(offset);
      offset += static_cast<std::int64_t>(layer.inputs) * width;
      layer.bias_offset = static_cast<int>(offset);
      offset += width;
      if (offset > kMaxDenseFloats) {
        Fail(ExitCode::kUsage,
             "model.hidden makes more than {} dense parameters: use narrower layers",
             kMaxDenseFloats);
      }
      spec->layers.push_back(layer);
      inputs = layer.outputs;
    }
  }
  spec->dense_floats = Padded(static_cast<int>(offset));
}

// Refuses columns that the part cannot work with.
void CheckNeeds(const ModelSpec& spec, ModelPartKind part) {
  if (NeedsOf(part) == PartNeeds::kNothing) return;
  const Field* first = nullptr;
  int deep = 0;
  for (const Field& field : spec.fields) {
    if (field.dim == 0) continue;
    ++deep;
    if (first == nullptr) first = &field;
    if (field.dim == first->dim) continue;
    Fail(ExitCode::kUsage,
         "model.{} needs embeddings of one dimension: \"{}\" has dim = {}, \"{}\" has dim = {}; "
         "give both the same (dim of the column or cross, else model.embedding_dim), or set "
         "model.{} = false",
         NameOf(part), first->name, first->dim, field.name, field.dim, NameOf(part));
  }
  if (deep < 2) {
    Fail(ExitCode::kUsage,
         "model.{} works on pairs of fields of the deep part, which has {}: give two columns or "
         "crosses use = \"deep\" or \"both\", or set model.{} = false",
         NameOf(part), deep, NameOf(part));
  }
}

void AddParts(ModelSpec* spec, const Config& config) {
  for (std::size_t p = 0; p < kModelParts; ++p) {
    const auto part = static_cast<ModelPartKind>(p);
    if (!config.model.Has(part)) continue;
    if (part == ModelPartKind::kDeep && spec->layers.empty()) continue;
    CheckNeeds(*spec, part);
    spec->parts.push_back(part);
  }
}

// A batch counts its slices' fields, and numbers its fields, with so many bits (worker/batch).
void CheckBatch(const ModelSpec& spec, const TrainConfig& train) {
  const auto fields = static_cast<std::int64_t>(spec.fields.size());
  if (fields > std::numeric_limits<std::uint16_t>::max()) {
    Fail(ExitCode::kUsage, "the config has {} categorical columns and crosses: at most {}", fields,
         std::numeric_limits<std::uint16_t>::max());
  }
  const std::int64_t slices = (train.batch_size + train.slice_size - 1) / train.slice_size;
  if (slices * fields <= std::numeric_limits<std::uint32_t>::max()) return;
  Fail(ExitCode::kUsage,
       "train.batch_size = {} makes {} slices of train.slice_size = {}; times {} columns and "
       "crosses that is more than 2^32: raise train.slice_size, or lower train.batch_size",
       train.batch_size, slices, train.slice_size, fields);
}

// The input's columns that carry something: the rest is padding.
int UsedInputs(const ModelSpec& spec) {
  int used = 0;
  for (const Field& field : spec.fields) used += field.dim;
  for (const NumericField& numeric : spec.numerics) used += numeric.deep ? 1 : 0;
  return used;
}

// A standard normal number of a counter, by Box and Muller.
double Normal(std::uint64_t seed, std::uint64_t counter) {
  const double u = 1.0 - UnitDouble(Mix64(seed, 2 * counter));  // (0, 1]
  const double v = UnitDouble(Mix64(seed, 2 * counter + 1));
  return std::sqrt(-2.0 * Log(u)) * Cos(2.0 * std::numbers::pi * v);
}

}  // namespace

std::vector<std::string> FieldNames(const ModelSpec& spec) {
  std::vector<std::string> names;
  for (const Field& field : spec.fields) names.push_back(field.name);
  return names;
}

std::vector<DenseBlock> DenseBlocks(const ModelSpec& spec) {
  const auto at = [](int offset) { return static_cast<std::size_t>(offset); };
  std::vector<DenseBlock> blocks = {{"bias", 0, 1}};
  for (const NumericField& number : spec.numerics) {
    if (number.wide) blocks.push_back({"wide weight of " + number.name, at(number.wide_offset), 1});
  }
  for (std::size_t l = 0; l < spec.layers.size(); ++l) {
    const LayerSpec& layer = spec.layers[l];
    blocks.push_back({fmt::format("layer {} weights", l + 1), at(layer.weight_offset),
                      at(layer.inputs) * at(layer.outputs)});
    blocks.push_back(
        {fmt::format("layer {} biases", l + 1), at(layer.bias_offset), at(layer.outputs)});
  }
  return blocks;
}

std::string Describe(const TableSpec& table) {
  std::string text = fmt::format("{} ({} B a row", table.name, table.row_bytes());
  if (table.wide_rule != DefaultRule(OptimizerPart::kWide))
    text += fmt::format(", wide {}", NameOf(table.wide_rule));
  if (table.deep_rule != DefaultRule(OptimizerPart::kDeep))
    text += fmt::format(", deep {}", NameOf(table.deep_rule));
  return text + ")";
}

ModelSpec MakeModelSpec(const Config& config) {
  ModelSpec spec;
  AddColumns(&spec, config);
  AddCrosses(&spec, config);
  if (spec.fields.empty() && spec.numerics.empty()) {
    Fail(ExitCode::kUsage,
         "the config has no [[column]] that the model uses: name at least one with use = \"wide\", "
         "\"deep\" or \"both\"");
  }
  CheckBatch(spec, config.train);
  LayOutInput(&spec);
  LayOutDense(&spec, config);
  spec.dense_rule = config.dense.optimizer;
  AddParts(&spec, config);
  spec.row_format = config.train.row_format;
  spec.grouped = !config.evaluate.group_by.empty();
  spec.example_weights = !config.data.weight.empty() || config.data.negative_rate < 1;
  return spec;
}

std::vector<float> InitialDense(const ModelSpec& spec, const Config& config) {
  const auto seed = static_cast<std::uint64_t>(config.seed);
  std::vector<float> dense(static_cast<std::size_t>(spec.dense_floats), 0.0F);
  dense[0] = spec.initial_bias;
  const int used = UsedInputs(spec);
  for (std::size_t l = 0; l < spec.layers.size(); ++l) {
    const LayerSpec& layer = spec.layers[l];
    const int fan_in = l == 0 ? used : layer.inputs;
    const bool last = l + 1 == spec.layers.size();
    const double stddev =
        config.dense.init_scale * std::sqrt(2.0 / (last ? fan_in + layer.outputs : fan_in));
    const std::uint64_t layer_seed = Mix64(Mix64(seed, ColumnSeed("dense")), l);
    const auto weights = static_cast<std::size_t>(fan_in) * static_cast<std::size_t>(layer.outputs);
    for (std::size_t i = 0; i < weights; ++i) {
      dense[static_cast<std::size_t>(layer.weight_offset) + i] =
          static_cast<float>(stddev * Normal(layer_seed, i));
    }
  }
  return dense;
}

}  // namespace fathom
