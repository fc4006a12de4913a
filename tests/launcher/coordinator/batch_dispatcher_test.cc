// Which worker gets which batch, and when all evaluate.
#include "launcher/coordinator/batch_dispatcher.h"

#include <gtest/gtest.h>

#include <set>

#include "common/random.h"

namespace fathom {
namespace {

Config MakeConfig(std::int64_t every_steps) {
  Config config;
  config.train.batch_size = 10;
  config.train.slice_size = 5;
  config.train.epochs = 2;
  config.evaluate.every_steps = every_steps;
  return config;
}

using Orders = std::vector<std::pair<int, StepOrder>>;

TEST(BatchDispatcher, GivesBatchesInOrderToWhoeverAsks) {
  const Schedule schedule(MakeConfig(0), 40);
  BatchDispatcher dispatcher(schedule, 2, false);
  for (const int worker : {1, 1, 0}) dispatcher.Ask(worker);
  EXPECT_EQ(dispatcher.Take(), (Orders{{1, {OrderKind::kTrain, 0}},
                                       {1, {OrderKind::kTrain, 1}},
                                       {0, {OrderKind::kTrain, 2}}}));
  EXPECT_TRUE(dispatcher.Take().empty());
}

TEST(BatchDispatcher, NobodyGoesOnBeforeAllHaveEvaluated) {
  const Schedule schedule(MakeConfig(0), 10);  // one batch an epoch
  BatchDispatcher dispatcher(schedule, 2, true);
  dispatcher.Ask(0);
  dispatcher.Ask(0);
  EXPECT_EQ(dispatcher.Take(),
            (Orders{{0, {OrderKind::kTrain, 0}}, {0, {OrderKind::kEvaluate, 1}}}));
  dispatcher.Ask(0);
  EXPECT_TRUE(dispatcher.Take().empty());
  dispatcher.Ask(1);
  EXPECT_EQ(dispatcher.Take(), (Orders{{1, {OrderKind::kEvaluate, 1}}}));
  dispatcher.Ask(1);
  EXPECT_TRUE(dispatcher.Take().empty());
  dispatcher.Evaluated(1);
  EXPECT_EQ(dispatcher.Take(),
            (Orders{{0, {OrderKind::kTrain, 1}}, {1, {OrderKind::kEvaluate, 2}}}));
}

// Workers of random speed: every batch is given once, in order, every worker takes part in every
// evaluation, no batch beyond an evaluation is given before it is complete, and all finish.
TEST(BatchDispatcher, AnyOrderOfAskingCoversAllOnce) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const int workers = 1 + static_cast<int>(Mix64(seed, 1) % 5);
    const Schedule schedule(MakeConfig(static_cast<std::int64_t>(Mix64(seed, 2) % 4)), 75);
    BatchDispatcher dispatcher(schedule, workers, true);
    std::uint64_t next = 0, draws = 0;
    std::set<int> asking, finished, evaluated;
    std::uint64_t evaluating = 0;
    while (finished.size() < static_cast<std::size_t>(workers)) {
      ASSERT_LT(draws, 100000U) << "seed " << seed << " hangs";
      const int worker =
          static_cast<int>(Mix64(seed, 10 + draws++) % static_cast<std::uint64_t>(workers));
      if (finished.count(worker) == 0 && asking.insert(worker).second) dispatcher.Ask(worker);
      for (const auto& [to, order] : dispatcher.Take()) {
        asking.erase(to);
        if (order.kind == OrderKind::kFinish) finished.insert(to);
        if (order.kind == OrderKind::kTrain) {
          ASSERT_EQ(order.step, next++) << "seed " << seed;
          ASSERT_TRUE(evaluated.empty()) << "seed " << seed << ": an evaluation is not complete";
        }
        if (order.kind == OrderKind::kEvaluate) {
          ASSERT_EQ(order.step, next);
          ASSERT_TRUE(evaluated.insert(to).second) << "seed " << seed;
          evaluating = order.step;
        }
      }
      if (evaluated.size() == static_cast<std::size_t>(workers)) {
        evaluated.clear();
        dispatcher.Evaluated(evaluating);
      }
    }
    EXPECT_EQ(next, schedule.steps());
    EXPECT_EQ(evaluating, schedule.steps());
  }
}

}  // namespace
}  // namespace fathom
