// What the config's columns and crosses amount to as a model: its tables of rows, its fields and
// the layout of its dense parameters. Servers and workers both derive it from the same config.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/config/cross_name.h"

namespace fathom {

// A table holds all rows of one shape. Several columns share a table; their keys differ by seed.
//   a row          key u64 | weight, state of its rule f32 if wide | embedding [dim] f32 or bf16,
//                  state of its rule f32[states, row_wise ? 1 : dim] if deep | last_step u32 if kept
//   a pulled row   the weight f32 if wide | embedding f32[dim] if deep
//   a pushed row   the gradients of what was pulled
struct TableSpec {
  std::string name;  // "wide", "deep16", "wide_deep16"
  bool wide = false;
  int dim = 0;  // 0: not deep
  bool row_wise = true;
  Precision precision = Precision::kFloat32;  // of the embedding
  bool last_step = false;                     // rows keep the step of their last update
  UpdateRuleKind wide_rule = DefaultRule(OptimizerPart::kWide);  // the default where it is not wide
  UpdateRuleKind deep_rule = DefaultRule(OptimizerPart::kDeep);  // the default where it is not deep

  int wide_floats() const { return wide ? 1 + TraitsOf(wide_rule).states() : 0; }
  int deep_state_floats() const {
    return TraitsOf(deep_rule).states() * (dim > 0 && row_wise ? 1 : dim);
  }
  int rule_state_floats() const {  // beside weight and embedding
    return (wide ? TraitsOf(wide_rule).states() : 0) + deep_state_floats();
  }
  int embedding_floats() const { return precision == Precision::kFloat32 ? dim : (dim + 1) / 2; }
  int state_floats() const {
    return wide_floats() + embedding_floats() + deep_state_floats() + (last_step ? 1 : 0);
  }
  int row_bytes() const { return 8 + 4 * state_floats(); }
  int pulled_floats() const { return (wide ? 1 : 0) + dim; }
  friend bool operator==(const TableSpec&, const TableSpec&) = default;
};

// A field is a sparse input of the model: a categorical or multivalent column, or a cross.
struct Field {
  std::string name;          // of the column, or CrossName
  std::uint64_t seed = 0;    // ColumnSeed(name)
  bool multivalent = false;  // any number of keys an example; else exactly one
  bool weighted = false;     // multivalent: each key comes with a weight
  int table = 0;
  bool wide = false;
  int dim = 0;  // 0: not deep
  Pooling pooling = Pooling::kSum;
  bool is_cross = false;
  int input_offset = 0;  // where its pooled embedding starts in the MLP's input
};

// How much each of so many keys of one example counts in the field, but for their weights.
inline float PoolingShare(const Field& field, std::size_t keys) {
  const bool mean = field.multivalent && field.pooling == Pooling::kMean && keys > 0;
  return mean ? 1.0F / static_cast<float>(keys) : 1.0F;
}

// A numeric input, after its transform.
struct NumericField {
  std::string name;
  bool wide = false;
  bool deep = false;
  int input_offset = 0;  // if deep
  int wide_offset = 0;   // if wide: where its weight stands among the dense parameters
};

// One fully connected layer: out = in * W + b, W row-major [inputs x outputs].
struct LayerSpec {
  int inputs = 0;
  int outputs = 0;
  int weight_offset = 0;  // among the dense parameters
  int bias_offset = 0;
};

struct ModelSpec {
  std::vector<TableSpec> tables;
  std::vector<Field> fields;  // categorical and multivalent columns, then crosses; config order
  std::vector<NumericField> numerics;  // config order
  // The MLP's input: the fields' embeddings, the numeric columns, zeros up to a multiple of 16
  // floats (padded shapes multiply faster). 0: no deep part.
  int input_width = 0;
  std::vector<LayerSpec> layers;     // hidden layers (ReLU), then the linear one with one output
  std::vector<ModelPartKind> parts;  // that the model has, in the order in which they run
  int dense_floats = 0;  // [bias | numeric wide weights | W, b a layer], rounded up to 16
  UpdateRuleKind dense_rule = DefaultRule(OptimizerPart::kDense);
  RowFormat row_format = RowFormat::kFloat32;
  bool grouped = false;  // evaluate.group_by is set: examples carry a group key
  bool example_weights =
      false;               // data.weight or data.negative_rate is set: examples carry a weight
  float initial_bias = 0;  // model.initial_bias: known once the data are

  bool Has(ModelPartKind part) const {
    return std::find(parts.begin(), parts.end(), part) != parts.end();
  }
};

std::vector<std::string> FieldNames(const ModelSpec& spec);

// A part of the dense parameters: "bias", "wide weight of age", "layer 1 weights", "layer 1
// biases".
struct DenseBlock {
  std::string name;
  std::size_t first = 0;
  std::size_t count = 0;
};
std::vector<DenseBlock> DenseBlocks(const ModelSpec& spec);

// "wide_deep16 (84 B a row)", with the update rules where they are not the defaults.
std::string Describe(const TableSpec& table);

// Throws Error(kUsage) where the config does not make a model: says which key and why.
ModelSpec MakeModelSpec(const Config& config);

// The initial dense parameters: the bias spec.initial_bias, other biases and wide weights 0, W
// He-normal for ReLU layers (He et al. 2015) and Glorot for the last, both times dense.init_scale;
// padding rows 0. A pure function of (config, spec).
std::vector<float> InitialDense(const ModelSpec& spec, const Config& config);

}  // namespace fathom
