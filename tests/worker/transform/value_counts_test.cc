#include "worker/transform/value_counts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "common/random.h"
#include "tests/support/expect_error.h"
#include "worker/transform/fold_counts.h"
#include "worker/transform/key_index.h"
#include "worker/transform/transform.h"

namespace fathom {
namespace {

using testing::ExpectError;

const ColumnConfig kCount{
    .name = "v", .kind = ColumnKind::kNumeric, .transform = TransformKind::kCount};

TEST(KeyIndex, FindsEachKeyAndNoOther) {
  for (const std::size_t size : {0, 1, 2, 5, 1000, 4097}) {
    std::vector<Key> keys;
    for (std::size_t i = 0; i < size; ++i) keys.push_back(Mix64(i));
    std::sort(keys.begin(), keys.end());
    const KeyIndex index(keys);
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(index.Find(keys[i]), i);
    for (std::size_t i = 0; i < 100; ++i) ASSERT_EQ(index.Find(Mix64(size + i)), size);
    ASSERT_EQ(index.Find(0), size);
    ASSERT_EQ(index.Find(~Key{0}), size);
  }
  // Keys that are no hashes are found too.
  const KeyIndex dense({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(dense.Find(7), 7U);
  EXPECT_EQ(dense.Find(10), 10U);
}

// a three times, b once, so log(1 + count) is log 4 in three lines and log 2 in one.
TEST(Count, StandardisedLogsOverTheLinesThatHaveAValue) {
  const auto transform = MakeTransform(kCount, nullptr);
  const auto first = transform->NewStatistics(), second = transform->NewStatistics();
  for (const char* text : {"a", "b", "a"}) first->AddValue(text, 0);
  second->AddValue("a", 0);
  first->Merge(std::move(*second));
  const LearntTransform learnt = first->Learn();
  const double mean = (3 * std::log(4.0) + std::log(2.0)) / 4;
  const double a = std::log(4.0) - mean, b = std::log(2.0) - mean;
  const double stddev = std::sqrt((3 * a * a + b * b) / 4);
  EXPECT_NEAR(learnt.mean, mean, 1e-15);
  EXPECT_LT(stddev, 1);
  EXPECT_EQ(learnt.stddev, 1);
  const auto applied = MakeTransform(kCount, &learnt);
  EXPECT_FLOAT_EQ(applied->NumberOf("a", {}), static_cast<float>(a));
  EXPECT_FLOAT_EQ(applied->NumberOf("b", {}), static_cast<float>(b));
  EXPECT_EQ(applied->NumberOf("c", {}), applied->NumberOf("b", {})) << "unseen: as the rarest";
  EXPECT_EQ(applied->Missing(), 0);
}

LearntTransform CountsLearnt(const std::map<std::string, int>& lines, int missing = 0) {
  const auto statistics = MakeTransform(kCount, nullptr)->NewStatistics();
  for (const auto& [value, count] : lines) {
    for (int i = 0; i < count; ++i) statistics->AddValue(value, 0);
  }
  for (int i = 0; i < missing; ++i) statistics->AddNumber(0, 0);
  return statistics->Learn();
}

TEST(Count, LongTailedCountsAreDividedByTheirDeviation) {
  const LearntTransform learnt = CountsLearnt({{"a", 1000}, {"b", 500}, {"c", 1}, {"d", 1}}, 500);
  EXPECT_GT(learnt.stddev, 1);
  EXPECT_LT(std::abs(MakeTransform(kCount, &learnt)->NumberOf("a", {})), 1);
}

// Divided by their tiny deviation, a count of 0 would be thousands away.
TEST(Count, CountsThatAreNearlyEqualMakeNoExtremeNumber) {
  std::map<std::string, int> shops;
  for (int i = 0; i < 20; ++i) shops[std::to_string(i)] = 857 + i % 2;
  for (const bool with_a_rare_one : {false, true}) {
    if (with_a_rare_one) shops["rare"] = 1;
    const LearntTransform learnt = CountsLearnt(shops);
    const auto applied = MakeTransform(kCount, &learnt);
    float least = 0;
    for (const auto& [shop, count] : shops) least = std::min(least, applied->NumberOf(shop, {}));
    EXPECT_GT(least, with_a_rare_one ? -6.1 : -0.001);
    EXPECT_EQ(applied->NumberOf("unseen", {}), least);
    EXPECT_LE(applied->NumberOf("0", {}), applied->NumberOf("1", {}));
  }
}

// The model knows what 0 means only where training lines have it.
TEST(Count, AnUnseenValueIsZeroLinesOnlyWhereMissingOnesAre) {
  const LearntTransform with = CountsLearnt({{"a", 90}}, 10), without = CountsLearnt({{"a", 90}});
  const auto zeros = MakeTransform(kCount, &with), none = MakeTransform(kCount, &without);
  EXPECT_LT(zeros->NumberOf("b", {}), zeros->NumberOf("a", {}) - 1);
  EXPECT_EQ(zeros->OfUnseen(), zeros->NumberOf("b", {}));
  EXPECT_EQ(none->NumberOf("b", {}), none->NumberOf("a", {}));
}

// A value of the first day that the second does not have, with warm_start.statistics = "update".
TEST(Count, AfterAnUpdateAValueThatIsGoneIsAsTheRarest) {
  Config config;
  config.columns = {kCount};
  config.warm_start.statistics = WarmStatistics::kUpdate;
  LearntTransforms learnt = {{"v", CountsLearnt({{"b", 401}, {"c", 400}})}};
  ContinueFrom({{"v", CountsLearnt({{"a", 900}, {"b", 3}})}}, config, &learnt);
  const auto applied = MakeTransform(kCount, &learnt.at("v"));
  EXPECT_EQ(applied->NumberOf("a", {}), applied->NumberOf("c", {}));
  EXPECT_LT(std::abs(applied->NumberOf("a", {})), 0.01);
}

TEST(Count, WhatIsLearntIsReadAgain) {
  Config config;
  config.columns = {kCount};
  LearntTransform learnt = CountsLearnt({{"a", 9}, {"b", 4}});
  const auto again = TransformsFromJson(TransformsToJson({{"v", learnt}}), config);
  const auto applied = MakeTransform(kCount, &again.at("v"));
  EXPECT_EQ(applied->NumberOf("c", {}), applied->NumberOf("b", {}));
  learnt.others.at("least") = {};
  ExpectError(ExitCode::kModel, {"column v", "\"least\" is not one count"},
              [&] { MakeTransform(kCount, &learnt); });
  learnt.others.erase("least");
  EXPECT_LT(MakeTransform(kCount, &learnt)->NumberOf("c", {}), applied->NumberOf("b", {}) - 1)
      << "a model of before counts 0 lines, as it was trained";
}

// Nothing is divided by a deviation that is only rounding.
TEST(Count, ValuesThatAllOccurEquallyOften) {
  const auto statistics = MakeTransform(kCount, nullptr)->NewStatistics();
  for (int i = 0; i < 21; ++i) statistics->AddValue(std::to_string(i % 7), 0);
  const LearntTransform learnt = statistics->Learn();
  EXPECT_EQ(learnt.stddev, 1);
  EXPECT_NEAR(MakeTransform(kCount, &learnt)->NumberOf("0", {}), 0, 1e-6);
}

ColumnConfig TargetMean(std::int64_t folds, double prior) {
  return {.name = "v",
          .kind = ColumnKind::kNumeric,
          .transform = TransformKind::kTargetMean,
          .folds = folds,
          .prior = prior};
}

double Logit(double p) { return std::log(p / (1 - p)); }

// Lines at random places, counted again for each line from all lines of other folds.
TEST(TargetMean, IsThatOfTheOtherFoldsInBruteForce) {
  struct Line {
    std::string value;
    std::uint64_t place;
    bool positive;
  };
  const ColumnConfig column = TargetMean(4, 3);
  std::vector<Line> lines;
  for (std::uint64_t i = 0; i < 400; ++i)
    lines.push_back({std::to_string(Mix64(1, i) % 60), Mix64(2, i), Mix64(3, i) % 3 == 0});
  const auto transform = MakeTransform(column, nullptr);
  const auto first = transform->NewStatistics(), second = transform->NewStatistics();
  for (std::size_t i = 0; i < lines.size(); ++i)
    (i < 150 ? first : second)->AddLabelled(lines[i].value, lines[i].place, lines[i].positive);
  first->Merge(std::move(*second));
  const LearntTransform learnt = first->Learn();
  const auto applied = MakeTransform(column, &learnt);
  const auto expected = [&](const std::string& value, auto counts) {
    double n = 0, positives = 0, all = 0, all_positives = 0;
    for (const Line& line : lines) {
      if (!counts(line)) continue;
      all += 1;
      all_positives += line.positive;
      if (line.value != value) continue;
      n += 1;
      positives += line.positive;
    }
    const double mean = all_positives / all;
    return Logit((positives + 3 * mean) / (n + 3)) - Logit(mean);
  };
  for (const Line& line : lines) {
    const std::uint32_t fold = FoldOf(line.place, 4);
    EXPECT_NEAR(
        applied->NumberOf(line.value, {line.place, true}),
        expected(line.value, [&](const Line& other) { return FoldOf(other.place, 4) != fold; }),
        1e-6);
    EXPECT_NEAR(applied->NumberOf(line.value, {line.place, false}),
                expected(line.value, [](const Line&) { return true; }), 1e-6);
  }
  EXPECT_EQ(applied->NumberOf("unseen", {1, false}), 0);
  EXPECT_EQ(applied->NumberOf("unseen", {1, true}), 0);
  EXPECT_EQ(applied->Missing(), 0);
}

// The same value, place and all else: only its own label is another.
TEST(TargetMean, NoLineSeesItsOwnLabel) {
  const ColumnConfig column = TargetMean(2, 20);
  const auto number = [&](bool own) {
    const auto statistics = MakeTransform(column, nullptr)->NewStatistics();
    for (std::uint64_t i = 0; i < 100; ++i)
      statistics->AddLabelled("a", i, i == 42 ? own : i % 3 == 0);
    const LearntTransform learnt = statistics->Learn();
    return MakeTransform(column, &learnt)->NumberOf("a", {42, true});
  };
  EXPECT_EQ(number(false), number(true));
}

TEST(TargetMean, WithoutAPriorItIsFinite) {
  const ColumnConfig column = TargetMean(2, 0);
  const auto statistics = MakeTransform(column, nullptr)->NewStatistics();
  for (std::uint64_t i = 0; i < 50; ++i) statistics->AddLabelled(i < 25 ? "a" : "b", i, i < 25);
  const LearntTransform learnt = statistics->Learn();
  const auto applied = MakeTransform(column, &learnt);
  for (const bool learnt_from : {false, true}) {
    EXPECT_GT(applied->NumberOf("a", {1, learnt_from}), 10);
    EXPECT_LT(applied->NumberOf("b", {1, learnt_from}), -10);
    EXPECT_LT(std::abs(applied->NumberOf("a", {1, learnt_from})), 20);
  }
  EXPECT_EQ(MakeTransform(column, nullptr)->NumberOf("a", {}), 0) << "nothing is learnt yet";
}

// What the model keeps gives the same numbers; a file that was altered is refused.
TEST(ValueCounts, TravelInTransformsJson) {
  Config config;
  config.columns = {kCount, TargetMean(5, 20)};
  config.columns[0].name = "c";
  LearntTransforms learnt;
  for (const ColumnConfig& column : config.columns) {
    const auto statistics = MakeTransform(column, nullptr)->NewStatistics();
    for (std::uint64_t i = 0; i < 200; ++i) {
      const std::string text = std::to_string(Mix64(i) % 20);
      if (column.transform == TransformKind::kCount) statistics->AddValue(text, i);
      if (column.transform == TransformKind::kTargetMean)
        statistics->AddLabelled(text, i, Mix64(7, i) % 2 == 0);
    }
    learnt[column.name] = statistics->Learn();
  }
  const std::string text = TransformsToJson(learnt);
  const LearntTransforms read = TransformsFromJson(text, config);
  EXPECT_EQ(TransformsToJson(read), text);
  for (const ColumnConfig& column : config.columns) {
    const auto before = MakeTransform(column, &learnt.at(column.name));
    const auto after = MakeTransform(column, &read.at(column.name));
    for (int i = 0; i < 25; ++i)
      EXPECT_EQ(before->NumberOf(std::to_string(i), {}), after->NumberOf(std::to_string(i), {}));
  }
  const auto refused = [&](std::size_t column, auto alter) {
    LearntTransform altered = read.at(config.columns[column].name);
    alter(altered);
    ExpectError(ExitCode::kModel, {"transforms.json", "altered"},
                [&] { MakeTransform(config.columns[column], &altered); });
  };
  for (const std::size_t c : {0, 1}) {
    refused(c, [](LearntTransform& t) { t.others.at(kExamples).pop_back(); });
    refused(c, [](LearntTransform& t) { t.others.erase(kExamples); });
    refused(c, [](LearntTransform& t) { t.others.at(kExamples)[0] = -1; });
    refused(c, [](LearntTransform& t) { t.others.at(kExamples)[0] = 1.5; });
    refused(c, [](LearntTransform& t) { t.others.at(kExamples)[0] = NAN; });
    refused(c, [](LearntTransform& t) { std::swap(t.vocabulary[0], t.vocabulary[1]); });
    refused(c, [](LearntTransform& t) { t.vocabulary[1] = t.vocabulary[0]; });
  }
  refused(1, [](LearntTransform& t) { t.others.at(kPositives)[0] = 1e6; });
}

}  // namespace
}  // namespace fathom
