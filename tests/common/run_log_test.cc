#include "common/run_log.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

// In a process of its own: what the log is set to would stay for the other tests.
TEST(RunLogDeathTest, EachRunBeginsItsFileAnewAndMarksItsWarnings) {
  const testing::ScratchDir dir;
  EXPECT_EXIT(
      {
        StartLogging(dir.path() / "logs", 3, false);
        LogInfo("of the run before");
        StartLogging(dir.path() / "logs", 3, true);
        LogInfo("step {} of {}", 1, 2);
        LogWarning("{} is short", "disk");
        std::_Exit(7);
      },
      ::testing::ExitedWithCode(7), "");
  const std::string text = dir.Read("logs/rank-3.log");
  EXPECT_EQ(text.find("before"), std::string::npos) << text;
  EXPECT_NE(text.find(" I step 1 of 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" W warning: disk is short\n"), std::string::npos) << text;
}

TEST(RunLog, AFolderThatCannotBeWrittenIsNamed) {
  const testing::ScratchDir dir;
  dir.Write("file", "");
  testing::ExpectError(ExitCode::kUsage, {"file/rank-0.log", "cannot be written", "output.dir"},
                       [&] { StartLogging(dir.path() / "file", 0, false); });
}

}  // namespace
}  // namespace fathom
