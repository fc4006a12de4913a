#include "common/model/model_spec.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

TEST(ModelSpec, OneTableForEachShape) {
  Config config;
  config.columns = {{.name = "a"},
                    {.name = "b", .use = Use::kWide},
                    {.name = "c", .use = Use::kDeep},
                    {.name = "d", .dim = 4},
                    {.name = "e"},
                    {.name = "hidden", .use = Use::kNone}};
  config.crosses = {{.columns = {"a", "hidden"}}};
  const ModelSpec spec = MakeModelSpec(config);
  std::string names;
  for (const TableSpec& table : spec.tables) names += table.name + " ";
  EXPECT_EQ(names, "wide_deep16 wide deep16 wide_deep4 ");
  ASSERT_EQ(spec.fields.size(), 6U);
  EXPECT_EQ(spec.fields[5].name, "a x hidden");
  EXPECT_EQ(spec.fields[5].table, 1);
  EXPECT_EQ(spec.fields[4].input_offset, 16 + 16 + 4);
  EXPECT_EQ(spec.input_width, 64) << "52 inputs padded to a multiple of 16";
}

TEST(ModelSpec, RowBytesAreThePublishedFormula) {
  EXPECT_EQ((TableSpec{.wide = true, .dim = 16, .row_wise = true}.row_bytes()), 84);
  EXPECT_EQ((TableSpec{.wide = true, .dim = 16, .row_wise = false}.row_bytes()), 8 + 8 + 64 + 64);
  EXPECT_EQ((TableSpec{.wide = true}.row_bytes()), 16);
}

TEST(ModelSpec, DenseParametersDoNotOverlap) {
  Config config;
  config.columns = {{.name = "a"},
                    {.name = "x", .kind = ColumnKind::kNumeric},
                    {.name = "y", .kind = ColumnKind::kNumeric, .use = Use::kWide}};
  config.model.hidden = {7, 3};
  const ModelSpec spec = MakeModelSpec(config);
  EXPECT_EQ(spec.numerics[0].wide_offset, 1);
  EXPECT_EQ(spec.numerics[1].wide_offset, 2);
  int at = 3;
  for (const LayerSpec& layer : spec.layers) {
    EXPECT_GE(layer.weight_offset, at);
    EXPECT_EQ(layer.weight_offset % 16, 0);
    EXPECT_EQ(layer.bias_offset, layer.weight_offset + layer.inputs * layer.outputs);
    at = layer.bias_offset + layer.outputs;
  }
  EXPECT_GE(spec.dense_floats, at);
  EXPECT_EQ(spec.dense_floats % 16, 0);
  EXPECT_EQ(spec.layers.back().outputs, 1);
}

TEST(ModelSpec, WithoutDeepColumnsThereAreNoLayers) {
  Config config;
  config.columns = {{.name = "a", .use = Use::kWide}};
  const ModelSpec spec = MakeModelSpec(config);
  EXPECT_EQ(spec.input_width, 0);
  EXPECT_TRUE(spec.layers.empty());
  EXPECT_EQ(spec.dense_floats, 16);
}

Config WithFm(std::vector<ColumnConfig> columns) {
  Config config;
  config.model.parts[static_cast<std::size_t>(ModelPartKind::kFm)] = true;
  config.columns = std::move(columns);
  return config;
}

TEST(ModelSpec, PartsRunInTheOrderOfTheirTable) {
  using enum ModelPartKind;
  Config config;
  config.columns = {{.name = "a"}, {.name = "b"}};
  EXPECT_EQ(MakeModelSpec(config).parts, (std::vector{kLinear, kDeep}));
  const ModelSpec spec = MakeModelSpec(WithFm(config.columns));
  EXPECT_EQ(spec.parts, (std::vector{kLinear, kDeep, kFm}));
  EXPECT_EQ(spec.dense_floats, MakeModelSpec(config).dense_floats) << "it has no parameters";
  config.columns = {{.name = "a", .use = Use::kWide}};
  EXPECT_EQ(MakeModelSpec(config).parts, (std::vector{kLinear}));
}

TEST(ModelSpec, FmNeedsOneDimension) {
  const Config config =
      WithFm({{.name = "a"}, {.name = "w", .use = Use::kWide}, {.name = "b", .dim = 4}});
  ExpectError(ExitCode::kUsage,
              {"model.fm", "\"a\" has dim = 16", "\"b\" has dim = 4", "model.fm = false"},
              [&] { MakeModelSpec(config); });
}

TEST(ModelSpec, FmNeedsTwoDeepFields) {
  const Config config = WithFm({{.name = "a"}, {.name = "w", .use = Use::kWide}});
  ExpectError(ExitCode::kUsage, {"model.fm", "pairs", "has 1"}, [&] { MakeModelSpec(config); });
}

TEST(ModelSpec, InitialWeightsHaveTheirVariance) {
  Config config;
  config.seed = 1;
  config.columns = {{.name = "a", .dim = 100}};
  config.model.hidden = {200};
  const ModelSpec spec = MakeModelSpec(config);
  const auto dense = InitialDense(spec, config);
  double squares = 0;
  for (int i = 0; i < 100 * 200; ++i)
    squares += std::pow(dense[static_cast<std::size_t>(spec.layers[0].weight_offset + i)], 2);
  EXPECT_NEAR(squares / (100 * 200), 2.0 / 100, 0.001);
  for (int i = 100 * 200; i < spec.input_width * 200; ++i)
    EXPECT_EQ(dense[static_cast<std::size_t>(spec.layers[0].weight_offset + i)], 0) << "padding";
  EXPECT_EQ(dense[0], 0);
  config.seed = 2;
  EXPECT_NE(dense, InitialDense(spec, config));
  config.seed = 1;
  config.dense.init_scale = 0.5;
  const auto halved = InitialDense(spec, config);
  for (std::size_t i = 0; i < dense.size(); ++i) EXPECT_FLOAT_EQ(halved[i], dense[i] / 2);
}

// The same draws, where the second layer of three inputs is the last one, and where it is not.
TEST(ModelSpec, TheLastLayersWeightsHaveGlorotsVariance) {
  Config last, inner;
  last.columns = inner.columns = {{.name = "a"}};
  last.model.hidden = {3};
  inner.model.hidden = {3, 5};
  const ModelSpec spec = MakeModelSpec(last), other = MakeModelSpec(inner);
  const auto weights = InitialDense(spec, last), others = InitialDense(other, inner);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FLOAT_EQ(weights[static_cast<std::size_t>(spec.layers[1].weight_offset + i)],
                    others[static_cast<std::size_t>(other.layers[1].weight_offset + i)] *
                        std::sqrt(3.0F / 4.0F));
  }
}

// A hidden layer and the last one, each 64 weights from 64 inputs: but for their spread they would
// be alike if they were drawn alike.
TEST(ModelSpec, EachLayerIsDrawnByItself) {
  Config config;
  config.columns = {{.name = "a", .dim = 64}};
  config.model.hidden = {64, 64};
  const ModelSpec spec = MakeModelSpec(config);
  const auto dense = InitialDense(spec, config);
  int alike = 0;
  for (int i = 0; i < 64; ++i) {
    alike += dense[static_cast<std::size_t>(spec.layers[0].weight_offset + i)] ==
                     dense[static_cast<std::size_t>(spec.layers[1].weight_offset + i)]
                 ? 1
                 : 0;
  }
  EXPECT_LT(alike, 2);
}

TEST(ModelSpec, EachInputHasAPlaceOfItsOwn) {
  Config config;
  config.columns = {{.name = "a", .dim = 3},
                    {.name = "x", .kind = ColumnKind::kNumeric},
                    {.name = "y", .kind = ColumnKind::kNumeric, .use = Use::kWide},
                    {.name = "z", .kind = ColumnKind::kNumeric, .use = Use::kDeep}};
  const ModelSpec spec = MakeModelSpec(config);
  EXPECT_EQ(spec.fields[0].input_offset, 0);
  EXPECT_EQ(spec.numerics[0].input_offset, 3);
  EXPECT_EQ(spec.numerics[2].input_offset, 4);
  EXPECT_EQ(spec.numerics[0].wide_offset, 1);
  EXPECT_EQ(spec.numerics[1].wide_offset, 2);
}

TEST(ModelSpec, WhatMakesNoModel) {
  Config config;
  ExpectError(ExitCode::kUsage, {"no [[column]]"}, [&] { MakeModelSpec(config); });
  config.columns = {{.name = "a"}, {.name = "x", .kind = ColumnKind::kNumeric}};
  config.crosses = {{.columns = {"a", "x"}}};
  ExpectError(ExitCode::kUsage, {"\"x\" is numeric", "buckets"}, [&] { MakeModelSpec(config); });
  config.crosses = {{.columns = {"a", "b"}}};
  ExpectError(ExitCode::kUsage, {"no [[column]] named \"b\""}, [&] { MakeModelSpec(config); });
  config.crosses = {{.columns = {"a"}}};
  ExpectError(ExitCode::kUsage, {"two columns or more"}, [&] { MakeModelSpec(config); });
  config.crosses.clear();
  config.columns.push_back({.name = "a"});
  ExpectError(ExitCode::kUsage, {"two columns are named \"a\""}, [&] { MakeModelSpec(config); });
}

// Told from numbers: such a batch takes tens of gigabytes.
TEST(ModelSpec, MoreFieldsOfSlicesThan32BitsCount) {
  Config config;
  for (int c = 0; c < 64; ++c) config.columns.push_back({.name = std::to_string(c)});
  config.train.batch_size = (1 << 26) - 1;
  config.train.slice_size = 1;
  EXPECT_EQ(MakeModelSpec(config).fields.size(), 64U);
  config.train.batch_size += 1;
  ExpectError(ExitCode::kUsage,
              {"67108864 slices of train.slice_size = 1", "times 64 columns", "more than 2^32"},
              [&] { MakeModelSpec(config); });
  config.train.slice_size = 2;
  MakeModelSpec(config);
}

TEST(ModelSpec, MoreFieldsThan16BitsCount) {
  Config config;
  for (int c = 0; c < 65536; ++c)
    config.columns.push_back({.name = std::to_string(c), .use = Use::kWide});
  ExpectError(ExitCode::kUsage, {"65536 categorical columns and crosses: at most 65535"},
              [&] { MakeModelSpec(config); });
}

}  // namespace
}  // namespace fathom
