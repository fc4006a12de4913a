#include "worker/data/generated_data.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "common/settings/config_file.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

Config MakeConfig(const std::vector<std::string>& overrides = {}, const std::string& more = "") {
  const std::string text = R"(
[data]
format = "generated"
[generated]
examples = 20000
test_examples = 1000
values = 50
[[column]]
name = "user"
values = 1000
[[column]]
name = "item"
[[column]]
name = "shop"
use = "none"
[[column]]
name = "price"
kind = "numeric"
[[cross]]
columns = ["user", "shop"]
)" + more;
  return ParseConfig(text, "generated.toml", "/", overrides);
}

std::map<Key, int> Counts(const GeneratedData& data, std::size_t column) {
  std::map<Key, int> counts;
  ExampleScratch scratch;
  for (std::uint64_t e = 0; e < data.examples(); ++e)
    ++counts[data.Example(e, &scratch).keys[column]];
  return counts;
}

TEST(GeneratedData, AnExampleIsAFunctionOfItsNumber) {
  const GeneratedData data(MakeConfig(), GeneratedData::Part::kTrain);
  const GeneratedData again(MakeConfig(), GeneratedData::Part::kTrain);
  EXPECT_EQ(data.fingerprint(), again.fingerprint());
  ExampleScratch scratch, other;
  static_cast<void>(again.Example(7, &other));
  for (const std::uint64_t e : {0, 19999, 7}) {
    const ExampleView a = data.Example(e, &scratch);
    const ExampleView b = again.Example(e, &other);
    EXPECT_EQ(a.label, b.label);
    EXPECT_EQ(a.numerics[0], b.numerics[0]);
    for (int k = 0; k < 3; ++k) EXPECT_EQ(a.keys[k], b.keys[k]);
  }
}

// Runs on generated data are compared across versions.
TEST(GeneratedData, ExamplesAreWhatTheyHaveAlwaysBeen) {
  const GeneratedData data(MakeConfig(), GeneratedData::Part::kTrain);
  ExampleScratch scratch;
  std::uint64_t labels = 0;
  for (std::uint64_t e = 0; e < 64; ++e)
    labels |= static_cast<std::uint64_t>(data.Example(e, &scratch).label) << e;
  EXPECT_EQ(labels, 0xD040D9C020990818ULL);
  const ExampleView example = data.Example(5, &scratch);
  EXPECT_EQ(example.keys[0], 0x5D5BCE995AAE008DULL);
  EXPECT_EQ(example.keys[1], 0xE33B98AF330957D1ULL);
  EXPECT_EQ(example.keys[2], 0x25B1C9516AA2F793ULL);
  EXPECT_EQ(example.numerics[0], 0x1.872a02p-3F);
}

TEST(GeneratedData, PartsAndSeedsDiffer) {
  const GeneratedData train(MakeConfig(), GeneratedData::Part::kTrain);
  const GeneratedData test(MakeConfig(), GeneratedData::Part::kTest);
  const GeneratedData other(MakeConfig({"generated.seed=2"}), GeneratedData::Part::kTrain);
  EXPECT_EQ(test.examples(), 1000U);
  EXPECT_NE(train.fingerprint(), test.fingerprint());
  EXPECT_NE(train.fingerprint(), other.fingerprint());
  ExampleScratch a, b;
  EXPECT_NE(train.Example(0, &a).numerics[0], other.Example(0, &b).numerics[0]);
  EXPECT_NE(train.Example(0, &a).numerics[0], test.Example(0, &b).numerics[0]);
}

TEST(GeneratedData, WithoutSkewAllValuesAreAlike) {
  const auto counts =
      Counts(GeneratedData(MakeConfig({"generated.skew=0"}), GeneratedData::Part::kTrain), 1);
  EXPECT_EQ(counts.size(), 50U);
  for (const auto& [key, count] : counts) {
    EXPECT_GT(count, 300);
    EXPECT_LT(count, 500);
  }
}

// Of the density x^-s on [1, n + 1) the share of value 0 is the integral over [1, 2).
TEST(GeneratedData, TheMostFrequentValueHasTheShareThatTheSkewGivesIt) {
  for (const double skew : {0.5, 1.0, 1.5}) {
    const GeneratedData data(MakeConfig({"generated.skew=" + std::to_string(skew)}),
                             GeneratedData::Part::kTrain);
    const auto counts = Counts(data, 0);
    int most = 0;
    for (const auto& [key, count] : counts) most = std::max(most, count);
    const double share = skew == 1.0
                             ? std::log(2.0) / std::log(1001.0)
                             : (std::pow(2.0, 1 - skew) - 1) / (std::pow(1001.0, 1 - skew) - 1);
    EXPECT_NEAR(most / 20000.0, share, 4 * std::sqrt(share / 20000));
    EXPECT_LE(counts.size(), 1000U);
  }
}

TEST(GeneratedData, AQuarterAreClicks) {
  const GeneratedData data(MakeConfig(), GeneratedData::Part::kTrain);
  ExampleScratch scratch;
  int clicks = 0;
  for (std::uint64_t e = 0; e < data.examples(); ++e) clicks += data.Example(e, &scratch).label;
  EXPECT_GT(clicks, 4000);
  EXPECT_LT(clicks, 7000);
}

TEST(GeneratedData, ACrossJoinsColumnsThatTheModelDoesNotUse) {
  const GeneratedData data(MakeConfig({"generated.values=2", "column.user.values=3"}),
                           GeneratedData::Part::kTrain);
  EXPECT_EQ(Counts(data, 2).size(), 6U);
}

TEST(GeneratedData, ColumnsThatNeedTextAreRefused) {
  const auto make = [](const std::string& column) {
    GeneratedData(MakeConfig({}, "[[column]]\nname = \"odd\"\n" + column),
                  GeneratedData::Part::kTrain);
  };
  ExpectError(ExitCode::kUsage, {"\"odd\""}, [&] { make("kind = \"multivalent\""); });
  ExpectError(ExitCode::kUsage, {"\"odd\""}, [&] { make("transform = \"vocabulary\""); });
  ExpectError(ExitCode::kUsage, {"reads nothing"}, [] { MakeConfig({"data.train=[\"a.csv\"]"}); });
}

}  // namespace
}  // namespace fathom
