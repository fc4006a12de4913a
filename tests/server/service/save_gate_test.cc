#include "server/service/save_gate.h"

#include <gtest/gtest.h>

namespace fathom {
namespace {

constexpr std::uint64_t kExamples = 100;  // ten steps

Config Every(std::int64_t steps) {
  Config config;
  config.train.batch_size = 10;
  config.checkpoint.every_steps = steps;
  return config;
}

TEST(SaveGate, HoldsBackAtEachScheduledStep) {
  const Schedule schedule(Every(4), kExamples);
  SaveGate gate(schedule, 0);
  EXPECT_TRUE(gate.MayBegin(3));
  EXPECT_FALSE(gate.MayBegin(4));
  EXPECT_TRUE(gate.Ask(4, {.checkpoint = true}));
  EXPECT_FALSE(gate.Take(3));
  ASSERT_TRUE(gate.Take(4));
  EXPECT_FALSE(gate.Take(4)) << "taken once";
  EXPECT_TRUE(gate.MayBegin(7));
  EXPECT_FALSE(gate.MayBegin(8));
}

TEST(SaveGate, WithoutAScheduleNothingIsHeldBack) {
  const Schedule schedule(Every(0), kExamples);
  SaveGate gate(schedule, 3);
  EXPECT_TRUE(gate.MayBegin(9));
}

TEST(SaveGate, AResumedRunHoldsAtTheNextStepOfTheSameSchedule) {
  const Schedule schedule(Every(4), kExamples);
  SaveGate gate(schedule, 4);
  EXPECT_TRUE(gate.MayBegin(7));
  EXPECT_FALSE(gate.MayBegin(8));
}

TEST(SaveGate, APauseIsAtTheFirstStepThatWasNotBegun) {
  const Schedule schedule(Every(0), kExamples);
  SaveGate gate(schedule, 0);
  gate.Begin(0);
  gate.Begin(1);
  EXPECT_EQ(gate.Pause(), 2U);
  EXPECT_FALSE(gate.MayBegin(2));
  EXPECT_EQ(gate.Pause(), 2U) << "a second time";
  EXPECT_FALSE(gate.Ask(1, {})) << "step 1 was begun";
  EXPECT_TRUE(gate.Ask(3, {.last = true})) << "another server has begun step 2";
  EXPECT_TRUE(gate.MayBegin(2));
  EXPECT_FALSE(gate.MayBegin(3));
  ASSERT_TRUE(gate.Take(3));
  EXPECT_FALSE(gate.MayBegin(3)) << "it was the last";
}

TEST(SaveGate, OneRequestAtATime) {
  const Schedule schedule(Every(2), kExamples);
  SaveGate gate(schedule, 0);
  EXPECT_TRUE(gate.Ask(2, {}));
  EXPECT_FALSE(gate.Ask(2, {}));
}

}  // namespace
}  // namespace fathom
