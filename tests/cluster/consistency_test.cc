// Bounded and async runs: no two need be alike, but every batch is trained once, no rows miss
// more than they may, and what comes out is a model as good as sync's.
#include <gtest/gtest.h>

#include <numeric>

#include "launcher/synthetic/generate_books.h"
#include "tests/support/embedded_run.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

class ConsistencyTest : public ::testing::Test {
 protected:
  FinalReport Train(const std::vector<std::string>& overrides) {
    GenerateBooks(20000, 1, dir_.path() / "data");
    return testing::TrainEmbedded(testing::BooksConfig(dir_.path() / "data", overrides),
                                  dir_.path() / "packed", dir_.path() / "out")
        .result.report;
  }
  testing::ScratchDir dir_;
};

TEST_F(ConsistencyTest, AsyncTrainsEveryBatchOnceAndAsWell) {
  const FinalReport sync = Train({});
  const FinalReport async = Train({"train.consistency=async", "cluster.workers=3",
                                   "cluster.servers=2", "evaluate.every_steps=30"});
  EXPECT_EQ(async.examples, sync.examples);
  EXPECT_EQ(async.steps, sync.steps);
  EXPECT_NEAR(async.metrics.auc, sync.metrics.auc, 0.02);
  EXPECT_EQ(std::accumulate(async.staleness.begin(), async.staleness.end(), std::uint64_t{0}),
            2 * async.steps)
      << "each of two servers counts each batch";
}

TEST_F(ConsistencyTest, BoundedStaysWithinItsBound) {
  const FinalReport bounded = Train({"train.consistency=bounded", "train.staleness=2",
                                     "cluster.workers=4", "cluster.transport=tcp"});
  EXPECT_EQ(std::accumulate(bounded.staleness.begin(), bounded.staleness.end(), std::uint64_t{0}),
            bounded.steps);
  // Batch s is computed on rows without at most 2 of those before it, and while it is missing
  // itself only the 2 after it can be applied.
  EXPECT_LE(bounded.staleness.size(), 5U);
}

TEST_F(ConsistencyTest, SyncMissesNothing) {
  const FinalReport sync = Train({"cluster.workers=3"});
  ASSERT_EQ(sync.staleness.size(), 1U);
  EXPECT_EQ(sync.staleness[0], 3 * sync.steps) << "each worker's part of each batch";
}

}  // namespace
}  // namespace fathom
