#include "common/schedule/schedule.h"

#include <gtest/gtest.h>

#include <vector>

namespace fathom {
namespace {

Config MakeConfig(std::int64_t batch_size, std::int64_t slice_size, std::int64_t epochs = 1) {
  Config config;
  config.train.batch_size = batch_size;
  config.train.slice_size = slice_size;
  config.train.epochs = epochs;
  return config;
}

TEST(Schedule, ByHand) {
  // Epochs of 25 examples: 10, 10 and 5 of them, in slices of 4.
  const Schedule schedule(MakeConfig(10, 4, 2), 25);
  EXPECT_EQ(schedule.steps_per_epoch(), 3U);
  EXPECT_EQ(schedule.steps(), 6U);
  struct Expected {
    std::uint64_t epoch, first;
    std::uint32_t examples, slices;
  };
  const Expected expected[] = {{0, 0, 10, 3}, {0, 10, 10, 3}, {0, 20, 5, 2},
                               {1, 0, 10, 3}, {1, 10, 10, 3}, {1, 20, 5, 2}};
  for (std::uint64_t step = 0; step < 6; ++step) {
    const StepPlan plan = schedule.Plan(step);
    EXPECT_EQ(plan.step, step);
    EXPECT_EQ(plan.epoch, expected[step].epoch) << step;
    EXPECT_EQ(plan.first, expected[step].first) << step;
    EXPECT_EQ(plan.examples, expected[step].examples) << step;
    EXPECT_EQ(plan.slices, expected[step].slices) << step;
  }
}

TEST(Schedule, EveryEpochTakesEveryExampleOnce) {
  for (std::uint64_t examples = 1; examples < 60; ++examples) {
    for (const std::int64_t batch : {1, 7, 16, 100}) {
      const Schedule schedule(MakeConfig(batch, 3, 2), examples);
      ASSERT_EQ(schedule.steps(), 2 * schedule.steps_per_epoch());
      std::vector<int> taken(examples);
      for (std::uint64_t step = 0; step < schedule.steps(); ++step) {
        const StepPlan plan = schedule.Plan(step);
        ASSERT_GT(plan.examples, 0U);
        ASSERT_EQ(plan.slices, (plan.examples + 2) / 3);
        for (std::uint64_t i = 0; i < plan.examples; ++i) ++taken.at(plan.first + i);
      }
      EXPECT_EQ(taken, std::vector<int>(examples, 2)) << examples << ", " << batch;
    }
  }
}

TEST(Schedule, LearningRatesRiseAndFallInLines) {
  Config config = MakeConfig(10, 5, 2);
  const auto shares = [&] {
    const Schedule schedule(config, 50);  // five steps an epoch
    std::vector<double> shares;
    for (std::uint64_t step = 0; step < schedule.steps(); ++step)
      shares.push_back(schedule.Plan(step).rate_share);
    return shares;
  };
  config.train.warmup_steps = 4;  // they say nothing of constant rates
  config.train.final_rate = 0.5;
  EXPECT_EQ(shares(), std::vector<double>(10, 1.0));
  config.train.schedule = RateSchedule::kLinear;
  const std::vector<double> expected = {1. / 4,   2. / 4,  3. / 4,  1,       11. / 12,
                                        10. / 12, 9. / 12, 8. / 12, 7. / 12, 0.5};
  for (std::size_t step = 0; step < expected.size(); ++step)
    EXPECT_NEAR(shares()[step], expected[step], 1e-15) << step;
  config.train.warmup_steps = 0;
  config.train.final_rate = 0;
  EXPECT_NEAR(shares().front(), 0.9, 1e-15);
  EXPECT_NEAR(shares().back(), 0, 1e-15);
}

TEST(Schedule, WaitsWhereAModelIsJudgedAndWhereACheckpointIsDue) {
  Config config = MakeConfig(10, 5, 2);
  const auto holds = [&] {
    const Schedule schedule(config, 50);
    std::vector<std::uint64_t> holds;
    for (std::uint64_t step = schedule.NextHold(0); step < schedule.steps();
         step = schedule.NextHold(step))
      holds.push_back(step);
    return holds;
  };
  config.evaluate.every_steps = 3;
  config.checkpoint.every_steps = 4;
  EXPECT_EQ(holds(), (std::vector<std::uint64_t>{4, 8})) << "there is no validation part";
  config.data.validation_fraction = 0.1;
  EXPECT_EQ(holds(), (std::vector<std::uint64_t>{3, 4, 5, 6, 8, 9}));
  EXPECT_TRUE(Schedule(config, 50).JudgeAfter(5));
  EXPECT_FALSE(Schedule(config, 50).JudgeAfter(4));
  config.evaluate.best = BestBy::kNone;
  EXPECT_EQ(holds(), (std::vector<std::uint64_t>{4, 8}));
}

TEST(Schedule, EvaluatesAtTheEndOfEachEpochAndEveryNSteps) {
  Config config = MakeConfig(10, 5, 2);
  const auto evaluations = [&] {
    const Schedule schedule(config, 70);  // seven steps an epoch
    std::vector<std::uint64_t> after;
    for (std::uint64_t done = 0; done <= schedule.steps(); ++done)
      if (schedule.EvaluateAfter(done)) after.push_back(done);
    return after;
  };
  EXPECT_EQ(evaluations(), (std::vector<std::uint64_t>{7, 14}));
  config.evaluate.every_steps = 3;
  EXPECT_EQ(evaluations(), (std::vector<std::uint64_t>{3, 6, 7, 9, 12, 14}));
}

TEST(Schedule, TheNextCheckpointLiesAboveWhatIsDone) {
  Config config = MakeConfig(10, 5);
  EXPECT_EQ(Schedule(config, 100).NextCheckpoint(0), 10U) << "none before the end";
  config.checkpoint.every_steps = 4;
  const Schedule schedule(config, 100);
  const std::uint64_t expected[] = {4, 4, 4, 4, 8, 8, 8, 8, 10, 10, 10};
  for (std::uint64_t done = 0; done <= 10; ++done)
    EXPECT_EQ(schedule.NextCheckpoint(done), expected[done]) << done;
}

}  // namespace
}  // namespace fathom
