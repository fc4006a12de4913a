#include "common/model/warm_mapping.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/settings/config_file.h"

namespace fathom {
namespace {

Config MakeConfig(const std::string& columns, const std::vector<std::string>& overrides = {}) {
  return ParseConfig(
      "[data]\ntrain = [\"a.csv\"]\n[model]\nembedding_dim = 4\nhidden = [8, 4]\n" + columns,
      "small.toml", "/", overrides);
}

std::string Sparse(const std::string& name) { return "[[column]]\nname = \"" + name + "\"\n"; }
std::string Number(const std::string& name) {
  return "[[column]]\nname = \"" + name + "\"\nkind = \"numeric\"\n";
}

// The place among the old model's dense parameters that place `to` is taken from; -1: none.
int SourceOf(const WarmMapping& map, int to) {
  for (const WarmMapping::Run& run : map.dense) {
    if (static_cast<std::size_t>(to) >= run.to && static_cast<std::size_t>(to) < run.to + run.count)
      return static_cast<int>(run.from) + to - static_cast<int>(run.to);
  }
  return -1;
}

const Field& FieldOf(const ModelSpec& spec, const std::string& name) {
  return *std::find_if(spec.fields.begin(), spec.fields.end(),
                       [&](const Field& field) { return field.name == name; });
}

TEST(WarmMapping, OfTheSameModelTakesEveryParameterInItsPlace) {
  const ModelSpec spec = MakeModelSpec(MakeConfig(Sparse("a") + Sparse("b") + Number("n")));
  const WarmMapping map = MapByName(spec, spec);
  EXPECT_EQ(SourceOf(map, 0), 0);
  EXPECT_EQ(SourceOf(map, spec.numerics[0].wide_offset), spec.numerics[0].wide_offset);
  for (std::size_t l = 0; l < spec.layers.size(); ++l) {
    const LayerSpec& layer = spec.layers[l];
    const int inputs = l == 0 ? 9 : layer.inputs;  // the rest is padding
    for (int i = 0; i < inputs * layer.outputs; ++i)
      ASSERT_EQ(SourceOf(map, layer.weight_offset + i), layer.weight_offset + i);
    for (int i = 0; i < layer.outputs; ++i)
      ASSERT_EQ(SourceOf(map, layer.bias_offset + i), layer.bias_offset + i);
  }
  EXPECT_TRUE(map.not_taken.empty());
  EXPECT_TRUE(map.zeros.empty());
}

TEST(WarmMapping, InputsAreFoundByName) {
  const ModelSpec from = MakeModelSpec(MakeConfig(Sparse("a") + Sparse("b") + Number("n")));
  const ModelSpec to = MakeModelSpec(
      MakeConfig(Number("m") + Sparse("new") + Number("n") + Sparse("b") + Sparse("a")));
  const WarmMapping map = MapByName(from, to);
  const auto row = [](const ModelSpec& spec, int input) {
    return spec.layers[0].weight_offset + input * spec.layers[0].outputs;
  };
  for (const char* name : {"a", "b"}) {
    EXPECT_EQ(SourceOf(map, row(to, FieldOf(to, name).input_offset + 3) + 7),
              row(from, FieldOf(from, name).input_offset + 3) + 7);
  }
  EXPECT_EQ(SourceOf(map, row(to, to.numerics[1].input_offset)),
            row(from, from.numerics[0].input_offset));
  EXPECT_EQ(SourceOf(map, to.numerics[1].wide_offset), from.numerics[0].wide_offset);
  EXPECT_EQ(SourceOf(map, to.numerics[0].wide_offset), -1);
  EXPECT_EQ(SourceOf(map, row(to, FieldOf(to, "new").input_offset)), -1);
  ASSERT_EQ(map.zeros.size(), 1U);
  EXPECT_EQ(map.zeros[0].to, static_cast<std::size_t>(row(to, to.numerics[0].input_offset)));
  EXPECT_EQ(map.zeros[0].count, 8U);
  EXPECT_EQ(map.tables, (std::vector<std::optional<std::size_t>>{0}));
  EXPECT_EQ(map.not_taken.size(), 2U) << "m and new";
}

// One element more in one embedding: the other columns keep theirs, and all that is above.
TEST(WarmMapping, AnEmbeddingOfAnotherWidthBeginsAnewAlone) {
  const std::string columns = Sparse("a") + Sparse("b");
  const ModelSpec from = MakeModelSpec(MakeConfig(columns));
  const ModelSpec to = MakeModelSpec(MakeConfig(columns, {"column.a.dim=5"}));
  EXPECT_EQ(from.dense_floats, to.dense_floats) << "the number alone does not tell them apart";
  const WarmMapping map = MapByName(from, to);
  EXPECT_EQ(SourceOf(map, to.layers[0].weight_offset), -1);
  EXPECT_EQ(SourceOf(map, to.layers[0].weight_offset + 5 * 8),
            from.layers[0].weight_offset + 4 * 8);
  EXPECT_EQ(SourceOf(map, to.layers[2].weight_offset), from.layers[2].weight_offset);
  ASSERT_EQ(map.not_taken.size(), 1U);
  EXPECT_NE(map.not_taken[0].find("a: it has a wide weight, an embedding of 4 floats in the model"),
            std::string::npos)
      << map.not_taken[0];
}

TEST(WarmMapping, AboveALayerOfAnotherShapeAllBeginsAnew) {
  const std::string columns = Sparse("a") + Sparse("b");
  const ModelSpec from = MakeModelSpec(MakeConfig(columns));
  const ModelSpec wider = MakeModelSpec(MakeConfig(columns, {"model.hidden=[8,5]"}));
  const WarmMapping map = MapByName(from, wider);
  EXPECT_EQ(SourceOf(map, wider.layers[0].bias_offset), from.layers[0].bias_offset);
  EXPECT_EQ(SourceOf(map, wider.layers[1].bias_offset), -1);
  EXPECT_EQ(SourceOf(map, wider.layers[2].bias_offset), -1);
  EXPECT_EQ(map.not_taken.size(), 2U);
  const ModelSpec first = MakeModelSpec(MakeConfig(columns, {"model.hidden=[9,4]"}));
  const WarmMapping none = MapByName(from, first);
  EXPECT_EQ(none.dense.size(), 1U) << "the bias";
  EXPECT_EQ(none.not_taken.size(), 3U);
}

}  // namespace
}  // namespace fathom
