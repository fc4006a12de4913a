#include "launcher/launch/restart_policy.h"

#include <gtest/gtest.h>

namespace fathom {
namespace {

using std::chrono::seconds;

constexpr int kKilled = 137;

TEST(RestartPolicy, ProgressKeepsThePauseShort) {
  RestartPolicy policy(100, std::nullopt);
  for (std::uint64_t step = 10; step < 200; step += 10) {
    const auto decision = policy.OnFailure(kKilled, step);
    ASSERT_TRUE(decision.restart);
    EXPECT_EQ(decision.pause, seconds(1));
  }
}

TEST(RestartPolicy, ThreeFailuresInARowWithoutProgress) {
  RestartPolicy policy(100, 50);
  EXPECT_TRUE(policy.OnFailure(kKilled, 50).restart);
  const auto second = policy.OnFailure(kKilled, 50);
  EXPECT_TRUE(second.restart);
  EXPECT_EQ(second.pause, seconds(2));
  const auto third = policy.OnFailure(kKilled, 50);
  EXPECT_FALSE(third.restart);
  EXPECT_NE(third.reason.find("without a newer checkpoint"), std::string::npos);
}

TEST(RestartPolicy, ProgressForgivesEarlierFailures) {
  RestartPolicy policy(100, std::nullopt);
  EXPECT_TRUE(policy.OnFailure(kKilled, std::nullopt).restart);
  EXPECT_TRUE(policy.OnFailure(kKilled, std::nullopt).restart);
  EXPECT_TRUE(policy.OnFailure(kKilled, 10).restart);
  EXPECT_TRUE(policy.OnFailure(kKilled, 10).restart);
  EXPECT_FALSE(policy.OnFailure(kKilled, 10).restart);
}

TEST(RestartPolicy, ACheckpointThatWentAwayIsNoProgress) {
  RestartPolicy policy(100, 50);
  EXPECT_TRUE(policy.OnFailure(kKilled, 40).restart);
  EXPECT_TRUE(policy.OnFailure(kKilled, 50).restart);
  EXPECT_FALSE(policy.OnFailure(kKilled, 50).restart);
}

TEST(RestartPolicy, NotMoreOftenThanAllowed) {
  RestartPolicy policy(2, std::nullopt);
  EXPECT_TRUE(policy.OnFailure(kKilled, 1).restart);
  EXPECT_TRUE(policy.OnFailure(5, 2).restart);
  const auto third = policy.OnFailure(kKilled, 3);
  EXPECT_FALSE(third.restart);
  EXPECT_NE(third.reason.find("--restarts"), std::string::npos);
  EXPECT_FALSE(RestartPolicy(0, std::nullopt).OnFailure(kKilled, 1).restart);
}

TEST(RestartPolicy, WhatWouldFailAgainIsNotTriedAgain) {
  for (const int code : {2, 3, 6, 7}) {
    RestartPolicy policy(100, std::nullopt);
    EXPECT_FALSE(policy.OnFailure(code, 10).restart) << code;
  }
  for (const int code : {1, 4, 5, 137, 139, 205}) {
    RestartPolicy policy(100, std::nullopt);
    EXPECT_TRUE(policy.OnFailure(code, 10).restart) << code;
  }
}

}  // namespace
}  // namespace fathom
