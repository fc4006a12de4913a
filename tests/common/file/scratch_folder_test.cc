#include "common/file/scratch_folder.h"

#include <gtest/gtest.h>

#include "common/process/process_mark.h"
#include "tests/support/dead_process.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

TEST(ScratchFolder, TwoOfOneProcessAreTwo) {
  const testing::ScratchDir dir;
  {
    const ScratchFolder a(dir.path(), "predict"), b(dir.path(), "predict");
    EXPECT_NE(a.path(), b.path());
    EXPECT_TRUE(fs::is_empty(a.path()));
    EXPECT_EQ(fs::status(a.path()).permissions(), fs::perms::owner_all);
  }
  EXPECT_TRUE(fs::is_empty(dir.path()));
}

TEST(ScratchFolder, WhatAKilledProcessLeftGoesAndNothingElse) {
  const testing::ScratchDir dir;
  ProcessMark elsewhere = testing::MarkOfDeadProcess();
  elsewhere.boot = "77";
  const std::string left = "fathom-predict." + testing::MarkOfDeadProcess().Name();
  const std::vector<std::string> others = {
      "fathom-predict." + ProcessMark::OfThisProcess().Name(),
      "fathom-predict." + elsewhere.Name(),
      "fathom-measure." + testing::MarkOfDeadProcess().Name(),
      "fathom-predict.notes",
      "notes",
  };
  dir.Write(left + "/input.fpk", "");
  for (const std::string& other : others) dir.Write(other + "/file", "");
  const ScratchFolder scratch(dir.path(), "predict");
  EXPECT_FALSE(fs::exists(dir.path() / left));
  for (const std::string& other : others)
    EXPECT_TRUE(fs::exists(dir.path() / other / "file")) << other;
}

TEST(ScratchFolder, AFolderThatCannotBeMadeIsNamed) {
  const testing::ScratchDir dir;
  dir.Write("file", "");
  testing::ExpectError(ExitCode::kUsage, {"file/fathom-predict.", "cannot be made"},
                       [&] { ScratchFolder(dir.path() / "file", "predict"); });
}

}  // namespace
}  // namespace fathom
