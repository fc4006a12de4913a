// Keys that get a row once enough steps have named them: the same ones on every layout and after
// every resume, whatever else limits the tables.
#include <gtest/gtest.h>

#include "common/model/manifest.h"
#include "common/model/model_compare.h"
#include "common/run/checkpoint_dir.h"
#include "tests/cluster/limited_run.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::LimitedRun;

using Overrides = std::vector<std::string>;

// A filter so small that many keys are admitted too early.
Overrides Counted(Overrides more) {
  more.insert(more.end(), {"server.admission_count=2", "server.admission_filter=64kB"});
  return more;
}

class AdmissionCountTest : public LimitedRun, public ::testing::TestWithParam<Overrides> {
 protected:
  Overrides With(Overrides more) const {
    more.insert(more.end(), GetParam().begin(), GetParam().end());
    return Counted(std::move(more));
  }
};

TEST_P(AdmissionCountTest, EveryLayoutAdmitsTheSameKeys) {
  Train("one", With({}));
  for (const Overrides& layout : {Overrides{"cluster.servers=3"}, Overrides{"cluster.workers=3"},
                                  Overrides{"cluster.servers=2", "cluster.workers=2"}}) {
    Train("other", With(layout));
    EXPECT_EQ(CompareModels(Model("one"), Model("other")), "") << layout[0];
  }
}

TEST_P(AdmissionCountTest, ResumedFromAnyCheckpointItIsTheSameModel) {
  Train("whole", With({}));
  const Overrides every = {"checkpoint.every_steps=17", "checkpoint.keep=10"};
  Overrides two_servers = every;
  two_servers.push_back("cluster.servers=2");
  Train("run", With(two_servers));
  const CheckpointDir checkpoints(dir_.path() / "run" / "checkpoints");
  const CheckpointDir again(dir_.path() / "other" / "checkpoints");
  ASSERT_EQ(checkpoints.Steps().size(), 4U);
  for (const std::uint64_t step : checkpoints.Steps()) {
    Overrides resumed = every;
    resumed.push_back("resume=" + checkpoints.Complete(step).string());
    Train("other", With(resumed));
    EXPECT_EQ(CompareModels(Model("whole"), Model("other")), "") << "from step " << step;
    if (step == checkpoints.Steps().back()) continue;
    EXPECT_EQ(CompareModels(checkpoints.Complete(68), again.Complete(68)), "") << step;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Limits, AdmissionCountTest,
    ::testing::Values(Overrides{}, Overrides{"server.admission_probability=0.5"},
                      Overrides{"server.memory_limit=1.3MB", "server.at_limit=refuse"},
                      Overrides{"server.memory_limit=1.3MB", "server.at_limit=evict_oldest"}));

class CountTest : public LimitedRun, public ::testing::Test {};

TEST_F(CountTest, ANumberOfOneChangesNothing) {
  Train("free", {});
  Train("one", {"server.admission_count=1"});
  EXPECT_EQ(CompareModels(Model("free"), Model("one")), "");
}

TEST_F(CountTest, RareKeysGetNoRow) {
  const FinalReport all = Train("all", {}).result.report;
  const FinalReport twice = Train("twice", {"server.admission_count=2"}).result.report;
  const FinalReport thrice = Train("thrice", {"server.admission_count=3"}).result.report;
  EXPECT_LT(static_cast<double>(twice.rows), 0.7 * static_cast<double>(all.rows));
  EXPECT_LT(thrice.rows, twice.rows);
  // Each key that was named once lost its one gradient, each other one its first.
  EXPECT_EQ(twice.refused_updates, all.rows);
  EXPECT_GT(thrice.refused_updates, twice.refused_updates);
}

TEST_F(CountTest, TheFinalModelHasNoCounters) {
  Train("run", Counted({"checkpoint.every_steps=40"}));
  const CheckpointDir checkpoints(dir_.path() / "run" / "checkpoints");
  const auto counters = [](const std::filesystem::path& dir) {
    const Manifest manifest = ReadManifest(dir);
    return std::count_if(manifest.files.begin(), manifest.files.end(),
                         [](const auto& file) { return file.name.starts_with("admission-"); });
  };
  EXPECT_EQ(counters(checkpoints.Complete(40)), kPartitions);
  EXPECT_EQ(counters(Model("run")), 0);
}

TEST_F(CountTest, ACheckpointOfARunThatDidNotCountIsRefused) {
  Train("run", {"checkpoint.every_steps=40"});
  const CheckpointDir checkpoints(dir_.path() / "run" / "checkpoints");
  const std::string resume = "resume=" + checkpoints.Complete(40).string();
  ExpectError(ExitCode::kUsage, {"server.admission_count = 2 (the checkpoint: 1)"}, [&] {
    Train("other", {resume, "server.admission_count=2"});
  });
}

TEST_F(CountTest, AFilterOfNoSizeIsRefused) {
  const auto train = [&](const char* size) {
    return [=, this] { Train("x", {std::string("server.admission_filter=") + size}); };
  };
  ExpectError(ExitCode::kUsage, {"admission_filter", "\"much\"", "a number and a unit"},
              train("much"));
  ExpectError(ExitCode::kUsage, {"admission_filter", "\"1kB\"", "at least 64kB"}, train("1kB"));
  ExpectError(ExitCode::kUsage, {"admission_filter", "\"\"", "at least 64kB"}, train(""));
}

}  // namespace
}  // namespace fathom
