#include "launcher/coordinator/evaluation_sink.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

// The scores of `count` examples from `first` on: the logit is the example's number.
struct Scores {
  Scores(std::uint64_t first_example, std::size_t count, bool grouped = false)
      : first(first_example) {
    for (std::size_t i = 0; i < count; ++i) {
      logits.push_back(static_cast<float>(first + i));
      labels.push_back((first + i) % 3 == 0 ? 1 : 0);
      if (grouped) groups.push_back((first + i) / 4);
    }
  }
  ScoresMessage message() const {
    return {.first = first, .logits = logits, .labels = labels, .groups = groups};
  }

  std::uint64_t first;
  std::vector<float> logits;
  std::vector<std::uint8_t> labels;
  std::vector<Key> groups;
};

TEST(EvaluationSink, PutsEachScoreAtItsPlaceInWhateverOrderTheyCome) {
  const Scores all(0, 12, true);
  const Metrics expected = ComputeMetrics(all.logits, all.labels, all.groups);
  EvaluationSink sink(12, true);
  for (const auto& [first, count] : {std::pair{7, 5}, std::pair{0, 4}, std::pair{4, 3}}) {
    EXPECT_FALSE(sink.complete());
    sink.Add(
        Scores(static_cast<std::uint64_t>(first), static_cast<std::size_t>(count), true).message());
  }
  EXPECT_TRUE(sink.complete());
  EXPECT_EQ(sink.logits(), all.logits);
  const Metrics metrics = sink.Compute();
  EXPECT_EQ(metrics.auc, expected.auc);
  EXPECT_EQ(metrics.logloss, expected.logloss);
  EXPECT_EQ(metrics.gauc, expected.gauc);
  EXPECT_EQ(metrics.positives, expected.positives);
}

TEST(EvaluationSink, ScoresOutsideTheExamplesAreRefused) {
  EvaluationSink sink(10, false);
  for (const auto& [first, count] : {std::pair<std::uint64_t, std::size_t>{10, 1},
                                     {9, 2},
                                     {0, 11},
                                     {~std::uint64_t{0}, 2},
                                     {~std::uint64_t{0} - 4, 5}}) {
    Scores scores(0, count);
    scores.first = first;
    ExpectError(ExitCode::kPeer, {"the evaluation has 10"}, [&] { sink.Add(scores.message()); });
  }
  sink.Add(Scores(9, 1).message());
  sink.Add(Scores(0, 9).message());
  EXPECT_TRUE(sink.complete());
}

TEST(EvaluationSink, AddsUpTheValuesWithoutARow) {
  EvaluationSink sink(4, false, false, {{.name = "reader"}, {.name = "book"}});
  const std::vector<float> logits = {1, 2};
  const std::vector<std::uint8_t> labels = {0, 1};
  const std::vector<std::uint64_t> values = {2, 7}, without_row = {0, 3};
  for (const std::uint64_t first : {2, 0}) {
    sink.Add({.first = first,
              .logits = logits,
              .labels = labels,
              .values = values,
              .without_row = without_row});
  }
  const Metrics metrics = sink.Compute();
  ASSERT_EQ(metrics.coverage.size(), 2U);
  EXPECT_EQ(metrics.coverage[1].name, "book");
  EXPECT_EQ(metrics.coverage[1].values, 14U);
  EXPECT_EQ(metrics.coverage[1].without_row, 6U);
  EXPECT_EQ(DescribeCoverage(metrics.coverage), "book 42.9 %");
  EXPECT_TRUE(HardlyKnown(metrics.coverage).empty());
  EvaluationSink others(4, false, false, {{.name = "reader"}});
  ExpectError(ExitCode::kPeer, {"2 fields, not of 1"}, [&] {
    others.Add({.first = 0,
                .logits = logits,
                .labels = labels,
                .values = values,
                .without_row = without_row});
  });
}

// Few values may be new ones, and a cross of known values may be new.
TEST(RowCoverage, AWarningIsOfColumnsAndOfMoreThanAFewValues) {
  const auto known =
      HardlyKnown({{.name = "few", .values = 99, .without_row = 99},
                   {.name = "many", .values = 100, .without_row = 96},
                   {.name = "half", .values = 100, .without_row = 50},
                   {.name = "a x b", .values = 500, .without_row = 500, .is_cross = true}});
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(known.front().name, "many");
}

TEST(EvaluationSink, ScoresThatComeTwiceAreRefused) {
  EvaluationSink sink(10, false);
  sink.Add(Scores(2, 3).message());
  for (const std::uint64_t first : {2, 1, 4})
    ExpectError(ExitCode::kPeer, {"came twice"}, [&] { sink.Add(Scores(first, 2).message()); });
  EXPECT_FALSE(sink.complete());
}

TEST(EvaluationSink, ScoresWithoutTheirGroupsAreRefused) {
  EvaluationSink sink(10, true);
  ExpectError(ExitCode::kPeer, {"without their groups"}, [&] { sink.Add(Scores(0, 3).message()); });
}

}  // namespace
}  // namespace fathom
