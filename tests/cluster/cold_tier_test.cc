// Rows on disk: the model is that of a run that keeps all rows in memory, on every layout, in every
// mode, after every resume.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "common/model/model_compare.h"
#include "common/process/terminate_handler.h"
#include "common/run/checkpoint_dir.h"
#include "tests/cluster/limited_run.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::LimitedRun;

class ColdTierTest : public LimitedRun, public ::testing::Test {
 protected:
  // Of 1.7 MB of rows a third or so is in memory; the folder that the tests run in is on a disk.
  static std::vector<std::string> Cold(std::vector<std::string> more = {}) {
    more.push_back("server.memory_limit=1.2MB");
    more.push_back("server.cold_tier=.");
    return more;
  }
};

TEST_F(ColdTierTest, TheModelIsThatOfARunInMemory) {
  const auto free = Train("free", {});
  EXPECT_EQ(free.result.report.cold_bytes, 0U);
  for (const auto& layout : std::vector<std::vector<std::string>>{
           {},
           {"cluster.servers=3"},
           {"cluster.workers=3", "cluster.threads=2"},
           {"cluster.servers=2", "cluster.workers=2", "cluster.transport=tcp"}}) {
    const auto cold = Train("cold", Cold(layout));
    EXPECT_EQ(CompareModels(Model("free"), Model("cold")), "");
    const FinalReport& report = cold.result.report;
    EXPECT_EQ(report.rows, free.result.report.rows);
    EXPECT_EQ(report.metrics.auc, free.result.report.metrics.auc);
    EXPECT_EQ(report.evicted_rows + report.refused_updates, 0U);
    EXPECT_GT(report.cold_bytes, 0U);
    EXPECT_GT(report.rows_read, 1000U);
    EXPECT_LT(report.rows_read, report.rows_asked);
  }
}

TEST_F(ColdTierTest, RowsInBfloat16CountedKeysAndAdam) {
  for (const char* option :
       {"deep.precision=bfloat16", "server.admission_count=2", "deep.optimizer=adam"}) {
    Train("free", {option});
    Train("cold", Cold({option, "cluster.servers=2"}));
    EXPECT_EQ(CompareModels(Model("free"), Model("cold")), "") << option;
  }
}

// With the tier, without it, and on another layout: where rows lie is no part of the model.
TEST_F(ColdTierTest, ResumedFromAnyCheckpointItIsTheSameModel) {
  Train("free", {});
  Train("run", Cold({"checkpoint.every_steps=17", "checkpoint.keep=10", "cluster.servers=2"}));
  EXPECT_EQ(CompareModels(Model("free"), Model("run")), "");
  const CheckpointDir checkpoints(dir_.path() / "run" / "checkpoints");
  ASSERT_EQ(checkpoints.Steps().size(), 4U);
  for (const std::uint64_t step : checkpoints.Steps()) {
    const std::string resume = "resume=" + checkpoints.Complete(step).string();
    Train("cold", Cold({resume, "cluster.workers=2"}));
    EXPECT_EQ(CompareModels(Model("free"), Model("cold")), "") << "from step " << step;
    Train("memory", {resume});
    EXPECT_EQ(CompareModels(Model("free"), Model("memory")), "") << "from step " << step;
  }
}

TEST_F(ColdTierTest, WarmStartFillsIt) {
  Train("first", {});
  const std::string warm = "warm_start.model=" + Model("first").string();
  Train("free", {warm});
  Train("cold", Cold({warm}));
  EXPECT_EQ(CompareModels(Model("free"), Model("cold")), "");
}

// Pulls that are open while pages leave.
TEST_F(ColdTierTest, AsyncLosesNoStep) {
  for (const char* mode : {"async", "bounded"}) {
    const auto run = Train("run", Cold({std::string("train.consistency=") + mode,
                                        "cluster.workers=3", "cluster.servers=2"}));
    EXPECT_EQ(run.result.report.examples, 20480U) << mode;
    EXPECT_GT(run.result.report.rows_read, 1000U) << mode;
  }
}

TEST_F(ColdTierTest, SettingsThatMakeNoSenseAreRefused) {
  ExpectError(ExitCode::kUsage, {"server.cold_tier", "memory_limit"},
              [&] { Train("x", {"server.cold_tier=."}); });
  ExpectError(ExitCode::kUsage, {"evict_unused_steps", "cold_tier"},
              [&] { Train("x", Cold({"server.evict_unused_steps=10"})); });
}

// A page that the disk does not give: here because the file has become shorter.
TEST(FatalMessage, APageThatCannotBeReadIsSaidAndEndsTheProcess) {
  const testing::ScratchDir dir;
  const auto path = dir.path() / "pages";
  std::ofstream(path) << std::string(8192, 'x');
  EXPECT_EXIT(
      {
        InstallLostPageHandler();
        const int fd = open(path.c_str(), O_RDWR);
        const auto* const pages =
            static_cast<const char*>(mmap(nullptr, 8192, PROT_READ, MAP_SHARED, fd, 0));
        static_cast<void>(!ftruncate(fd, 0));
        std::_Exit(static_cast<volatile const char*>(pages)[4096]);
      },
      ::testing::ExitedWithCode(static_cast<int>(ExitCode::kTraining)),
      "its disk fails or is full");
}

}  // namespace
}  // namespace fathom
