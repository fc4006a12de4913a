#include "worker/feature/feature_encoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "common/random.h"

namespace fathom {
namespace {

// One column of a kind, read from the input column "v", and its encoded example.
struct Encoded {
  EncodedExample example;
  std::string error;
};

Encoded Encode(ColumnConfig column, const std::string& value,
               const LearntTransforms& transforms = {}, DataFormat format = DataFormat::kCsv) {
  Config config;
  config.data.format = format;
  config.data.missing = {"", "?"};
  column.name = column.name.empty() ? "v" : column.name;
  config.columns = {column, {.name = "always"}};
  const ModelSpec spec = MakeModelSpec(config);
  const InputSchema schema(config, false);
  FeatureEncoder encoder(schema, spec, transforms);
  std::vector<std::string_view> values(schema.sources().size(), "x");
  values[schema.Slot("v")] = value;
  Encoded encoded;
  encoded.error = encoder.Encode(values, &encoded.example);
  return encoded;
}

const std::uint64_t kSeed = ColumnSeed("v");

TEST(FeatureEncoder, CategoricalValues) {
  EXPECT_EQ(Encode({}, "red").example.keys[0], ValueKey(kSeed, "red"));
  EXPECT_EQ(Encode({}, "").example.keys[0], MissingKey(kSeed));
  EXPECT_EQ(Encode({}, "?").example.keys[0], MissingKey(kSeed));
  EXPECT_EQ(Encode({.hash_buckets = 5}, "red").example.keys[0], ValueKey(kSeed, "red", 5));
}

TEST(FeatureEncoder, VocabularySharesTheRareKey) {
  const ColumnConfig column{.transform = TransformKind::kVocabulary, .min_count = 2};
  const LearntTransforms learnt = {{"v", {.vocabulary = {ValueKey(kSeed, "red")}}}};
  EXPECT_EQ(Encode(column, "red", learnt).example.keys[0], ValueKey(kSeed, "red"));
  EXPECT_EQ(Encode(column, "blue", learnt).example.keys[0], RareKey(kSeed));
  EXPECT_EQ(Encode(column, "", learnt).example.keys[0], MissingKey(kSeed));
  // A vocabulary that turned out empty: every value is rare.
  EXPECT_EQ(Encode(column, "red", {{"v", {}}}).example.keys[0], RareKey(kSeed));
}

TEST(FeatureEncoder, Buckets) {
  const ColumnConfig column{.transform = TransformKind::kBuckets, .boundaries = {10, 20}};
  EXPECT_EQ(Encode(column, "9.9").example.keys[0], BucketKey(kSeed, 0));
  EXPECT_EQ(Encode(column, "10").example.keys[0], BucketKey(kSeed, 1));
  EXPECT_EQ(Encode(column, "1e3").example.keys[0], BucketKey(kSeed, 2));
  EXPECT_EQ(Encode(column, "?").example.keys[0], MissingKey(kSeed));
  EXPECT_NE(Encode(column, "ten").error.find("\"ten\" is no number"), std::string::npos);
}

TEST(FeatureEncoder, Numbers) {
  const ColumnConfig plain{.kind = ColumnKind::kNumeric};
  EXPECT_FLOAT_EQ(Encode(plain, "-2.5").example.numerics[0], -2.5F);
  EXPECT_FLOAT_EQ(Encode(plain, "").example.numerics[0], 0);
  EXPECT_NE(Encode(plain, "1,5").error.find("is no number"), std::string::npos);
  EXPECT_NE(Encode(plain, "nan").error.find("is no number"), std::string::npos);
  EXPECT_FLOAT_EQ(Encode(plain, "-1e15").example.numerics[0], -1e15F);
  for (const char* const large : {"1e300", "1e30", "-1.1e15"})
    EXPECT_NE(Encode(plain, large).error.find("too large"), std::string::npos) << large;
  EXPECT_EQ(Encode({.kind = ColumnKind::kNumeric, .transform = TransformKind::kLog}, "1e300").error,
            "");
  EXPECT_FLOAT_EQ(Encode({.kind = ColumnKind::kNumeric, .transform = TransformKind::kLog}, "-3")
                      .example.numerics[0],
                  -std::log(4.0F));
}

TEST(FeatureEncoder, StandardisedAndQuantiledNumbers) {
  const LearntTransforms learnt = {{"v", {.mean = 10, .stddev = 4, .boundaries = {1, 2, 3, 4}}}};
  EXPECT_FLOAT_EQ(
      Encode({.kind = ColumnKind::kNumeric, .transform = TransformKind::kStandardise}, "12", learnt)
          .example.numerics[0],
      0.5F);
  EXPECT_FLOAT_EQ(
      Encode({.kind = ColumnKind::kNumeric, .transform = TransformKind::kStandardise}, "", learnt)
          .example.numerics[0],
      0);
  EXPECT_FLOAT_EQ(
      Encode({.kind = ColumnKind::kNumeric, .transform = TransformKind::kLogStandardise}, "-3",
             learnt)
          .example.numerics[0],
      static_cast<float>((-std::log(4.0) - 10) / 4));
  EXPECT_FLOAT_EQ(
      Encode({.kind = ColumnKind::kNumeric, .transform = TransformKind::kQuantiles}, "2.5", learnt)
          .example.numerics[0],
      0.5F);
  EXPECT_FLOAT_EQ(
      Encode({.kind = ColumnKind::kNumeric, .transform = TransformKind::kQuantiles}, "99", learnt)
          .example.numerics[0],
      1);
  EXPECT_FLOAT_EQ(
      Encode({.kind = ColumnKind::kNumeric, .transform = TransformKind::kQuantiles}, "", learnt)
          .example.numerics[0],
      0.5F);
}

TEST(FeatureEncoder, LogStandardiseLearnsFromTheLogs) {
  ColumnConfig column{
      .name = "v", .kind = ColumnKind::kNumeric, .transform = TransformKind::kLogStandardise};
  Config config;
  config.data.format = DataFormat::kCsv;
  config.data.names = {"label", "v"};
  config.data.header = false;
  config.data.train = {"none.csv"};
  config.columns = {column};
  const InputSchema schema(config, true);
  FeatureEncoder encoder(schema, MakeModelSpec(config), {});
  StatisticsByColumn statistics = encoder.NewStatistics();
  std::vector<std::string_view> values(schema.sources().size());
  for (const char* text : {"0", "1", "-3", ""}) {
    values[schema.Slot("v")] = text;
    encoder.Observe(values, 0, &statistics);
  }
  encoder.EndObserving(&statistics);
  const LearntTransform learnt = statistics[0]->Learn();
  const double mean = (std::log(2.0) - std::log(4.0)) / 3;
  EXPECT_NEAR(learnt.mean, mean, 1e-12);
  const auto squared = [&](double x) { return (x - mean) * (x - mean); };
  const double variance = (squared(0) + squared(std::log(2.0)) + squared(-std::log(4.0))) / 3;
  EXPECT_NEAR(learnt.stddev, std::sqrt(variance), 1e-12);
}

TEST(FeatureEncoder, AMissingNumberMayStandForZeroBeforeTheTransform) {
  const LearntTransforms learnt = {{"v", {.mean = 10, .stddev = 4, .boundaries = {-1, 2}}}};
  const auto value = [&](TransformKind transform) {
    const ColumnConfig column{
        .kind = ColumnKind::kNumeric, .transform = transform, .missing_as = MissingAs::kZero};
    return Encode(column, "", learnt).example.numerics[0];
  };
  EXPECT_FLOAT_EQ(value(TransformKind::kNone), 0);
  EXPECT_FLOAT_EQ(value(TransformKind::kStandardise), -2.5F);
  EXPECT_FLOAT_EQ(value(TransformKind::kLogStandardise), -2.5F);
  EXPECT_FLOAT_EQ(value(TransformKind::kQuantiles), 0.5F);
}

// Numbers that are read eight columns at a time, and the same columns beside a text that means
// "missing", which has them read one by one.
TEST(FeatureEncoder, NumbersTogetherAreAsNumbersOneByOne) {
  const TransformKind kTransforms[] = {TransformKind::kNone, TransformKind::kLog,
                                       TransformKind::kStandardise, TransformKind::kLogStandardise,
                                       TransformKind::kQuantiles};
  Config together;
  LearntTransforms learnt;
  for (int i = 0; i < 21; ++i) {
    const std::string name = "n" + std::to_string(i);
    together.columns.push_back({.name = name,
                                .kind = ColumnKind::kNumeric,
                                .use = i % 6 == 5 ? Use::kNone : Use::kDeep,
                                .transform = kTransforms[i % 5],
                                .missing_as = i % 2 == 0 ? MissingAs::kNeutral : MissingAs::kZero});
    learnt[name] = {.mean = 0.1 * i, .stddev = 1.0 / 3 + i, .boundaries = {0, 1, 2.5, 100}};
  }
  Config apart = together;
  apart.data.missing = {"", "unknown"};
  const ModelSpec spec = MakeModelSpec(together);
  const InputSchema schema(together, false), schema_apart(apart, false);
  FeatureEncoder encoder(schema, spec, learnt), encoder_apart(schema_apart, spec, learnt);
  StatisticsByColumn seen = encoder.NewStatistics(), seen_apart = encoder_apart.NewStatistics();
  const std::string_view kTexts[] = {"",      "0",     "1",        "9",         "10",   "255",
                                     "16383", "16384", "12345678", "123456789", "-1",   "+7",
                                     "2.5",   "1e3",   "0.1",      "1e300",     "-0.0", "one"};
  for (std::size_t i = 0; i < 5000; ++i) {
    std::vector<std::string_view> values;
    for (std::size_t c = 0; c < together.columns.size(); ++c) {
      // Few of the texts that make a line bad.
      const std::uint64_t draw = Mix64(i, c);
      values.push_back(kTexts[draw % (draw % 64 == 0 ? std::size(kTexts) : 10)]);
    }
    encoder.Observe(values, i, &seen);
    encoder_apart.Observe(values, i, &seen_apart);
    EncodedExample example, example_apart;
    const std::string error = encoder.Encode(values, &example);
    ASSERT_EQ(error, encoder_apart.Encode(values, &example_apart));
    if (!error.empty()) continue;
    ASSERT_EQ(example.numerics, example_apart.numerics);
  }
  encoder.EndObserving(&seen);
  encoder_apart.EndObserving(&seen_apart);
  for (std::size_t c = 0; c < seen.size(); ++c) {
    if (!LearnsFromData(together.columns[c])) continue;
    const LearntTransform a = seen[c]->Learn(), b = seen_apart[c]->Learn();
    EXPECT_EQ(a.mean, b.mean);
    EXPECT_EQ(a.stddev, b.stddev);
    EXPECT_EQ(a.boundaries, b.boundaries);
  }
}

TEST(FeatureEncoder, Lists) {
  const ColumnConfig column{.kind = ColumnKind::kMultivalent};
  EXPECT_EQ(Encode(column, "a||b").example.lists[0],
            (std::vector<Key>{ValueKey(kSeed, "a"), ValueKey(kSeed, "b")}));
  EXPECT_TRUE(Encode(column, "").example.lists[0].empty());
  const Encoded weighted =
      Encode({.kind = ColumnKind::kMultivalent, .weighted = true}, "a:2|b:0.5");
  EXPECT_EQ(weighted.example.list_weights[0], (std::vector<float>{2, 0.5}));
  EXPECT_NE(Encode({.kind = ColumnKind::kMultivalent, .weighted = true}, "a")
                .error.find("is not written value:weight"),
            std::string::npos);
  for (const char* const large : {"a:1e30", "b:1|a:-1e300"}) {
    const std::string error =
        Encode({.kind = ColumnKind::kMultivalent, .weighted = true}, large).error;
    EXPECT_NE(error.find("column v: the weight of \"a:"), std::string::npos) << error;
    EXPECT_NE(error.find("is too large"), std::string::npos) << error;
  }
}

TEST(FeatureEncoder, ANumberBeyondFloat32IsNamedByItsText) {
  const std::string error = Encode({.kind = ColumnKind::kNumeric}, "1e39").error;
  EXPECT_NE(error.find("\"1e39\" is too large: 1e39 is beyond 1e+15"), std::string::npos) << error;
}

TEST(FeatureEncoder, ANumberIsNotThereTwice) {
  const std::string error =
      Encode({.kind = ColumnKind::kNumeric}, "1 2", {}, DataFormat::kLibsvm).error;
  EXPECT_NE(error.find("more than one value for it: 1 2"), std::string::npos) << error;
}

TEST(FeatureEncoder, LibsvmPairs) {
  EXPECT_EQ(Encode({}, "17:1", {}, DataFormat::kLibffm).example.keys[0], ValueKey(kSeed, "17"));
  EXPECT_NE(Encode({}, "17:0.5", {}, DataFormat::kLibffm).error.find("is not one id with value 1"),
            std::string::npos);
  EXPECT_FLOAT_EQ(
      Encode({.kind = ColumnKind::kNumeric}, "17:0.5", {}, DataFormat::kLibffm).example.numerics[0],
      0.5F);
  EXPECT_EQ(Encode({.kind = ColumnKind::kMultivalent}, "1:1 2:1", {}, DataFormat::kLibsvm)
                .example.lists[0]
                .size(),
            2U);
  EXPECT_NE(Encode({.kind = ColumnKind::kMultivalent}, "1:1 2:3", {}, DataFormat::kLibsvm)
                .error.find("give the column weighted = true"),
            std::string::npos);
}

TEST(FeatureEncoder, CrossesHaveAKeyForEachCombination) {
  Config config;
  config.columns = {{.name = "a"},
                    {.name = "m", .kind = ColumnKind::kMultivalent},
                    {.name = "n", .kind = ColumnKind::kMultivalent}};
  config.crosses = {{.columns = {"a", "m"}}, {.columns = {"m", "n"}, .hash_buckets = 3}};
  const ModelSpec spec = MakeModelSpec(config);
  const InputSchema schema(config, false);
  FeatureEncoder encoder(schema, spec, {});
  const auto encode = [&](std::string_view a, std::string_view m, std::string_view n) {
    EncodedExample example;
    EXPECT_EQ(encoder.Encode({a, m, n}, &example), "");
    return example.lists;
  };
  const auto lists = encode("x", "p|q", "r|s|t");
  ASSERT_EQ(lists.size(), 4U);  // m, n, a x m, m x n
  EXPECT_EQ(lists[2].size(), 2U);
  EXPECT_EQ(lists[3].size(), 6U);
  EXPECT_NE(lists[2][0], lists[2][1]);
  EXPECT_EQ(std::set<Key>(lists[3].begin(), lists[3].end()).size(), 3U)
      << "folded into three buckets";
  EXPECT_EQ(encode("x", "q", "")[2][0], lists[2][1]) << "the key depends on the values alone";
  EXPECT_NE(encode("y", "q", "")[2][0], lists[2][1]);
  EXPECT_TRUE(encode("x", "", "r")[2].empty());
  std::string many;
  for (int i = 0; i < 100; ++i) many += std::to_string(i) + "|";
  EncodedExample example;
  EXPECT_NE(encoder.Encode({"x", many, many}, &example).find("more than 4096 combinations"),
            std::string::npos);
}

}  // namespace
}  // namespace fathom
