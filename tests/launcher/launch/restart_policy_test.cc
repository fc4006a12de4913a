#include "launcher/launch/restart_policy.h"

#include <gtest/gtest.h>

namespace fathom {
namespace {

using std::chrono::seconds;

constexpr int kKilled = 137;

TEST(RestartPolicy, ProgressKeepsThePauseShort) {
  RestartPolicy policy(100, std::nullopt);
  for (std::uint64_t step = 10; step < 200; step += 10) {
    const auto decision = policy.OnFailure(kKilled, step, true);
    ASSERT_TRUE(decision.restart);
    EXPECT_EQ(decision.pause, seconds(1));
  }
}

TEST(RestartPolicy, ThreeFailuresInARowWithoutProgress) {
  RestartPolicy policy(100, 50);
  EXPECT_TRUE(policy.OnFailure(kKilled, 50, true).restart);
  const auto second = policy.OnFailure(kKilled, 50, true);
  EXPECT_TRUE(second.restart);
  EXPECT_EQ(second.pause, seconds(2));
  const auto third = policy.OnFailure(kKilled, 50, true);
  EXPECT_FALSE(third.restart);
  EXPECT_NE(third.reason.find("without a newer checkpoint"), std::string::npos);
}

TEST(RestartPolicy, ProgressForgivesEarlierFailures) {
  RestartPolicy policy(100, std::nullopt);
  EXPECT_TRUE(policy.OnFailure(kKilled, std::nullopt, true).restart);
  EXPECT_TRUE(policy.OnFailure(kKilled, std::nullopt, true).restart);
  EXPECT_TRUE(policy.OnFailure(kKilled, 10, true).restart);
  EXPECT_TRUE(policy.OnFailure(kKilled, 10, true).restart);
  EXPECT_FALSE(policy.OnFailure(kKilled, 10, true).restart);
}

TEST(RestartPolicy, ACheckpointThatWentAwayIsNoProgress) {
  RestartPolicy policy(100, 50);
  EXPECT_TRUE(policy.OnFailure(kKilled, 40, true).restart);
  EXPECT_TRUE(policy.OnFailure(kKilled, 50, true).restart);
  EXPECT_FALSE(policy.OnFailure(kKilled, 50, true).restart);
}

TEST(RestartPolicy, NotMoreOftenThanAllowed) {
  RestartPolicy policy(2, std::nullopt);
  EXPECT_TRUE(policy.OnFailure(kKilled, 1, true).restart);
  EXPECT_TRUE(policy.OnFailure(5, 2, true).restart);
  const auto third = policy.OnFailure(kKilled, 3, true);
  EXPECT_FALSE(third.restart);
  EXPECT_NE(third.reason.find("--restarts"), std::string::npos);
  EXPECT_FALSE(RestartPolicy(0, std::nullopt).OnFailure(kKilled, 1, true).restart);
}

TEST(RestartPolicy, WhatWouldFailAgainIsNotTriedAgain) {
  for (const int code : {2, 3, 6, 7, 127}) {
    RestartPolicy policy(100, std::nullopt);
    EXPECT_FALSE(policy.OnFailure(code, 10, true).restart) << code;
  }
  for (const int code : {1, 4, 5, 137, 139, 205}) {
    RestartPolicy policy(100, std::nullopt);
    EXPECT_TRUE(policy.OnFailure(code, 10, true).restart) << code;
  }
}

// A host that cannot be reached for 25 s. ssh to it fails at once, so the pauses are all the
// time that there is.
TEST(RestartPolicy, FailedStartsHaveAPatienceOfTheirOwn) {
  RestartPolicy policy(10, std::nullopt);
  seconds waited{0};
  int tries = 0;
  for (;; ++tries) {
    const auto decision = policy.OnFailure(1, std::nullopt, false);
    if (!decision.restart) {
      EXPECT_NE(decision.reason.find("no start"), std::string::npos) << decision.reason;
      break;
    }
    EXPECT_LE(decision.pause, RestartPolicy::kLongestPause);
    waited += decision.pause;
  }
  EXPECT_GE(tries, 10);
  EXPECT_GE(waited, RestartPolicy::kStartPatience);
  EXPECT_LE(waited, RestartPolicy::kStartPatience + RestartPolicy::kLongestPause);
  EXPECT_EQ(policy.restarts(), 0);
}

TEST(RestartPolicy, ARunThatBeganForgivesFailedStarts) {
  RestartPolicy policy(10, std::nullopt);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(policy.OnFailure(1, std::nullopt, false).restart);
  EXPECT_EQ(policy.OnFailure(kKilled, 10, true).pause, seconds(1));
  EXPECT_EQ(policy.OnFailure(1, 10, false).pause, seconds(1));
  // And failed starts are no failures of the run.
  EXPECT_EQ(policy.OnFailure(kKilled, 10, true).pause, seconds(2));
  EXPECT_FALSE(RestartPolicy(0, std::nullopt).OnFailure(1, std::nullopt, false).restart);
}

}  // namespace
}  // namespace fathom
