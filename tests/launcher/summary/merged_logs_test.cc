// Several logs as one: by time, each in its own order.
#include "launcher/summary/merged_logs.h"

#include <gtest/gtest.h>

#include "launcher/commands/commands.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

std::string Time(const char* seconds) { return std::string("2026-11-28T20:35:") + seconds; }

class MergedLogsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_.Write("logs/rank-0.log", Time("01.000") + " I begin\n" + Time("03.000") + " W slow\n" +
                                      "  and why\n" + Time("02.500") + " I set back\n");
    dir_.Write("logs/rank-10.log", Time("01.000") + " I begin too\n" + Time("02.000") +
                                       " E failed: no \"end\"\n" + Time("04.000") + " I over");
    dir_.Write("logs/rank-0.1.log", Time("00.100") + " I earlier\n");
    dir_.Write("logs/evaluate-1.rank-0.log", Time("00.000") + " I not of the run\n");
    dir_.Write("logs/rank-x.log", "nothing\n");
  }
  std::string Printed() {
    ::testing::internal::CaptureStdout();
    LogsCommand(arguments_);
    return ::testing::internal::GetCapturedStdout();
  }
  testing::ScratchDir dir_;
  LogsArguments arguments_{.dir = dir_.path()};
};

TEST_F(MergedLogsTest, AreInOrderOfTimeAndEachInItsOwn) {
  EXPECT_EQ(Printed(),
            Time("01.000") + " rank-0  I begin\n" + Time("01.000") + " rank-10 I begin too\n" +
                Time("02.000") + " rank-10 E failed: no \"end\"\n" + Time("03.000") +
                " rank-0  W slow\n" + Time("03.000") + " rank-0      and why\n" + Time("02.500") +
                " rank-0  I set back\n" + Time("04.000") + " rank-10 I over\n");
}

TEST_F(MergedLogsTest, WarningsAloneAndEarlierStarts) {
  arguments_.warnings = true;
  EXPECT_EQ(Printed(), Time("02.000") + " rank-10 E failed: no \"end\"\n" + Time("03.000") +
                           " rank-0  W slow\n" + Time("03.000") + " rank-0      and why\n");
  arguments_ = {.dir = dir_.path(), .earlier = true};
  EXPECT_TRUE(Printed().starts_with(Time("00.100") + " rank-0.1 I earlier\n"));
  arguments_.dir = dir_.path() / "none";
  testing::ExpectError(ExitCode::kUsage, {"none/logs", "no log"}, [&] { LogsCommand(arguments_); });
}

}  // namespace
}  // namespace fathom
