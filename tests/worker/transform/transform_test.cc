#include "worker/transform/transform.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/expect_error.h"
#include "worker/transform/number_sample.h"

namespace fathom {
namespace {

using testing::ExpectError;

TEST(Transform, EveryKindHasOne) {
  for (std::size_t t = 0; t < NamesOf<TransformKind>::kNames.size(); ++t) {
    const ColumnConfig column{
        .name = "c", .transform = static_cast<TransformKind>(t), .boundaries = {1}};
    EXPECT_NE(MakeTransform(column, nullptr), nullptr) << NamesOf<TransformKind>::kNames[t];
  }
}

TEST(Transform, VocabularyCountsOverBlocks) {
  const ColumnConfig column{.name = "v", .transform = TransformKind::kVocabulary, .min_count = 2};
  const auto transform = MakeTransform(column, nullptr);
  const auto first = transform->NewStatistics(), second = transform->NewStatistics();
  first->AddValue("red", 0);
  first->AddValue("blue", 1);
  second->AddValue("red", 2);
  first->Merge(std::move(*second));
  EXPECT_EQ(first->Learn().vocabulary, (std::vector<Key>{ValueKey(ColumnSeed("v"), "red")}));
}

TEST(Transform, QuantilesCutIntoEqualParts) {
  const ColumnConfig column{.name = "v",
                            .kind = ColumnKind::kNumeric,
                            .transform = TransformKind::kQuantiles,
                            .quantiles = 4};
  const auto transform = MakeTransform(column, nullptr);
  const auto first = transform->NewStatistics(), second = transform->NewStatistics();
  for (int i = 0; i < 50; ++i) first->AddNumber(99 - i, static_cast<std::uint64_t>(i));
  for (int i = 0; i < 50; ++i) second->AddNumber(i, static_cast<std::uint64_t>(50 + i));
  first->Merge(std::move(*second));
  const LearntTransform learnt = first->Learn();
  EXPECT_EQ(learnt.boundaries, (std::vector<double>{25, 50, 75}));
  EXPECT_DOUBLE_EQ(learnt.mean, 49.5);
  const auto applied = MakeTransform(column, &learnt);
  EXPECT_EQ(applied->Further(24.9), 0);
  EXPECT_DOUBLE_EQ(applied->Further(50), 2.0 / 3);
}

// Mean and standard deviation of 1, 2, 4, 9 by hand: 4, sqrt(9.5).
TEST(Transform, StandardiseMergesMoments) {
  const ColumnConfig column{
      .name = "v", .kind = ColumnKind::kNumeric, .transform = TransformKind::kStandardise};
  const auto transform = MakeTransform(column, nullptr);
  const auto first = transform->NewStatistics(), second = transform->NewStatistics();
  for (const double x : {1.0, 2.0}) first->OnlyMoments()->Add(x);
  for (const double x : {4.0, 9.0}) second->OnlyMoments()->Add(x);
  first->Merge(std::move(*second));
  const LearntTransform learnt = first->Learn();
  EXPECT_DOUBLE_EQ(learnt.mean, 4);
  EXPECT_DOUBLE_EQ(learnt.stddev, std::sqrt(9.5));
  EXPECT_EQ(transform->NewStatistics()->Learn().stddev, 1) << "no numbers: they stay as they are";
}

TEST(NumberSample, KeepsTheSameNumbersInWhateverOrderTheyCome) {
  NumberSample forward, first, second;
  const std::size_t count = 2 * NumberSample::kMaxKept + 1000;
  for (std::size_t i = 0; i < count; ++i) forward.Add(static_cast<double>(i), i);
  for (std::size_t i = count; i-- > 0;)
    (i % 3 == 0 ? first : second).Add(static_cast<double>(i), i);
  first.Merge(second);
  const std::vector<double> kept = forward.Sorted();
  EXPECT_EQ(kept.size(), NumberSample::kMaxKept);
  EXPECT_EQ(kept, first.Sorted());
}

TEST(TransformsJson, IsReadBackTheSameAndChecked) {
  Config config;
  config.columns = {
      {.name = "v", .transform = TransformKind::kVocabulary},
      {.name = "x", .kind = ColumnKind::kNumeric, .transform = TransformKind::kQuantiles}};
  const LearntTransforms learnt = {
      {"v", {.vocabulary = {1, ~Key{0}}}},
      {"x",
       {.mean = 0.1, .stddev = 1.0 / 3, .boundaries = {-1e-300, 2}, .others = {{"m", {1, 2.5}}}}}};
  const std::string text = TransformsToJson(learnt);
  const LearntTransforms read = TransformsFromJson(text, config);
  EXPECT_EQ(TransformsToJson(read), text);
  EXPECT_EQ(read.at("v").vocabulary, learnt.at("v").vocabulary);
  EXPECT_EQ(read.at("x").stddev, 1.0 / 3);
  EXPECT_EQ(read.at("x").others.at("m"), (std::vector<double>{1, 2.5}));
  ExpectError(ExitCode::kModel, {"transforms.json does not fit"},
              [&] { TransformsFromJson("{\"v\": {}}", config); });
}

// The bytes that models of earlier builds hold.
TEST(TransformsJson, HasTheseFourMembers) {
  EXPECT_EQ(TransformsToJson({{"x", {.vocabulary = {255}, .mean = 2, .boundaries = {0.5}}}}),
            "{\n \"x\": {\n  \"vocabulary\": [\n   \"00000000000000ff\"\n  ],\n  \"mean\": 2.0,\n"
            "  \"stddev\": 1.0,\n  \"boundaries\": [\n   0.5\n  ]\n }\n}\n");
}

}  // namespace
}  // namespace fathom
