#include "common/log/run_log.h"

#include <gtest/gtest.h>

#include "common/log_line.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

// In a process of its own: what the log is set to would stay for the other tests.
TEST(RunLogDeathTest, EachRunBeginsItsFileAnewAndKeepsTheOneBefore) {
  const testing::ScratchDir dir;
  EXPECT_EXIT(
      {
        StartLogging(dir.path() / "logs", RankLogName(3), false);
        LogInfo("of the run before");
        StartLogging(dir.path() / "logs", RankLogName(3), true);
        LogInfo("step {} of {}", 1, 2);
        LogWarning("{} is short", "disk");
        std::_Exit(7);
      },
      ::testing::ExitedWithCode(7), "");
  const std::string text = dir.Read("logs/rank-3.log");
  EXPECT_EQ(text.find("before"), std::string::npos) << text;
  EXPECT_NE(text.find(" I step 1 of 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" W warning: disk is short\n"), std::string::npos) << text;
  EXPECT_NE(dir.Read("logs/rank-3.1.log").find("of the run before"), std::string::npos);
  EXPECT_EQ(LogsBegun(dir.path() / "logs", RankLogName(3)), 2);
  EXPECT_EQ(LogsBegun(dir.path() / "logs", RankLogName(0)), 0);
}

TEST(RunLogDeathTest, TheOldestOfManyGo) {
  const testing::ScratchDir dir;
  dir.Write("logs/rank-0.log", "the last");
  for (int n = 1; n <= 30; ++n)
    dir.Write(fmt::format("logs/rank-0.{}.log", n), fmt::format("of run {}", n));
  dir.Write("logs/rank-0.notes.log", "mine");
  EXPECT_EXIT(
      {
        StartLogging(dir.path() / "logs", RankLogName(0), false);
        std::_Exit(7);
      },
      ::testing::ExitedWithCode(7), "");
  EXPECT_EQ(dir.Read("logs/rank-0.31.log"), "the last");
  EXPECT_EQ(dir.Read("logs/rank-0.12.log"), "of run 12");
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "logs/rank-0.11.log"));
  EXPECT_EQ(dir.Read("logs/rank-0.notes.log"), "mine");
  EXPECT_EQ(LogsBegun(dir.path() / "logs", RankLogName(0)), 32);
}

// Each evaluate has a log of its own.
TEST(RunLog, ANumberIsGivenOnce) {
  const testing::ScratchDir dir;
  dir.Write("logs/rank-0.log", "of a run");
  for (int n = 1; n <= 25; ++n) EXPECT_EQ(ReserveLogNumber(dir.path() / "logs", "evaluate"), n);
  EXPECT_EQ(dir.Read("logs/rank-0.log"), "of a run");
  EXPECT_TRUE(std::filesystem::exists(dir.path() / "logs/evaluate-25.rank-0.log"));
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "logs/evaluate-5.rank-0.log"));
}

TEST(RunLog, AFolderThatCannotBeWrittenIsNamed) {
  const testing::ScratchDir dir;
  dir.Write("file", "");
  testing::ExpectError(ExitCode::kUsage, {"file/rank-0.log", "cannot be written", "output.dir"},
                       [&] { StartLogging(dir.path() / "file", RankLogName(0), false); });
}

}  // namespace
}  // namespace fathom
