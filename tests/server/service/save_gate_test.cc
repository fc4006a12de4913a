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
  EXPECT_TRUE(gate.Ask(4, {.kind = SaveKind::kCheckpoint}));
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

// Ten steps an epoch, of three; a checkpoint every 15.
Config Judged() {
  Config config = Every(15);
  config.train.epochs = 3;
  config.data.validation_fraction = 0.1;
  return config;
}

TEST(SaveGate, WhereAModelIsJudgedTrainingWaitsForTheWord) {
  const Schedule schedule(Judged(), kExamples);
  SaveGate gate(schedule, 0);
  EXPECT_TRUE(gate.MayBegin(9));
  EXPECT_FALSE(gate.MayBegin(10));
  EXPECT_FALSE(gate.GoOn(9)) << "nothing is judged there";
  EXPECT_TRUE(gate.Ask(10, {.kind = SaveKind::kBest}));
  EXPECT_FALSE(gate.GoOn(10)) << "it is still to be saved";
  ASSERT_TRUE(gate.Take(10));
  EXPECT_FALSE(gate.MayBegin(10)) << "a checkpoint may follow";
  EXPECT_TRUE(gate.GoOn(10));
  EXPECT_TRUE(gate.MayBegin(14));
  EXPECT_FALSE(gate.MayBegin(15)) << "the checkpoint";
  EXPECT_FALSE(gate.GoOn(15)) << "that one is due";
  EXPECT_TRUE(gate.Ask(15, {.kind = SaveKind::kCheckpoint}));
  ASSERT_TRUE(gate.Take(15));
  EXPECT_TRUE(gate.MayBegin(19));
  EXPECT_FALSE(gate.MayBegin(20));
}

TEST(SaveGate, ARunResumedWhereItsModelIsJudgedWaitsThere) {
  const Schedule schedule(Judged(), kExamples);
  SaveGate gate(schedule, 10);
  EXPECT_FALSE(gate.MayBegin(10));
  EXPECT_TRUE(gate.GoOn(10));
  EXPECT_TRUE(gate.MayBegin(10));
}

TEST(SaveGate, OneRequestAtATime) {
  const Schedule schedule(Every(2), kExamples);
  SaveGate gate(schedule, 0);
  EXPECT_TRUE(gate.Ask(2, {}));
  EXPECT_FALSE(gate.Ask(2, {}));
}

}  // namespace
}  // namespace fathom
