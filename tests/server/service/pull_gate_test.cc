// Which pulls may be answered, in each consistency mode.
#include "server/service/pull_gate.h"

#include <gtest/gtest.h>

namespace fathom {
namespace {

constexpr std::uint64_t kSteps = 10;

PullGate Clock(Consistency consistency, std::int64_t staleness = 4) {
  return PullGate({.consistency = consistency, .staleness = staleness}, kSteps);
}

TEST(PullGate, SyncAnswersTheVersionItHas) {
  PullGate clock = Clock(Consistency::kSync);
  EXPECT_TRUE(clock.MayTrain(0));
  EXPECT_TRUE(clock.MayEvaluate(0));
  EXPECT_FALSE(clock.MayTrain(1));
  clock.Applied(0);
  EXPECT_EQ(clock.version(), 1U);
  EXPECT_TRUE(clock.MayTrain(1));
  EXPECT_FALSE(clock.MayEvaluate(0));
}

TEST(PullGate, SyncExpectsTwoBatchesAheadAndNoneBehind) {
  PullGate clock = Clock(Consistency::kSync);
  clock.Applied(0);
  EXPECT_FALSE(clock.Expects(0, true));
  EXPECT_TRUE(clock.Expects(3, true));
  EXPECT_FALSE(clock.Expects(4, true));
}

TEST(PullGate, BoundedLetsBatchesMissAtMostTheStaleness) {
  PullGate clock = Clock(Consistency::kBounded, 2);
  EXPECT_TRUE(clock.MayTrain(2));
  EXPECT_FALSE(clock.MayTrain(3));
  // The oldest is what counts: later ones do not move the bound.
  clock.Applied(1);
  clock.Applied(2);
  EXPECT_EQ(clock.version(), 0U);
  EXPECT_EQ(clock.applied(), 2U);
  EXPECT_FALSE(clock.MayTrain(3));
  clock.Applied(0);
  EXPECT_EQ(clock.version(), 3U);
  EXPECT_TRUE(clock.MayTrain(5));
  EXPECT_FALSE(clock.MayTrain(6));
}

TEST(PullGate, BoundedByZeroIsOneBatchAfterAnother) {
  PullGate clock = Clock(Consistency::kBounded, 0);
  EXPECT_TRUE(clock.MayTrain(0));
  EXPECT_FALSE(clock.MayTrain(1));
}

TEST(PullGate, AsyncAnswersAnyBatchThatIsThere) {
  PullGate clock = Clock(Consistency::kAsync);
  EXPECT_TRUE(clock.MayTrain(kSteps - 1));
  EXPECT_FALSE(clock.MayTrain(kSteps));
  clock.Applied(7);
  EXPECT_FALSE(clock.Expects(7, true)) << "a batch is applied once";
  EXPECT_TRUE(clock.Expects(6, true));
}

TEST(PullGate, AnEvaluationSeesExactlyTheBatchesBelowIt) {
  PullGate clock = Clock(Consistency::kAsync);
  clock.Applied(1);
  EXPECT_FALSE(clock.MayEvaluate(0)) << "batch 1 is in the rows already";
  EXPECT_FALSE(clock.MayEvaluate(2)) << "batch 0 is missing";
  clock.Applied(0);
  EXPECT_TRUE(clock.MayEvaluate(2));
}

TEST(PullGate, OnlyAnEvaluationFollowsTheLastBatch) {
  PullGate clock = Clock(Consistency::kSync);
  for (std::uint64_t step = 0; step < kSteps; ++step) clock.Applied(step);
  EXPECT_FALSE(clock.Expects(kSteps, true));
  EXPECT_TRUE(clock.Expects(kSteps, false));
}

}  // namespace
}  // namespace fathom
