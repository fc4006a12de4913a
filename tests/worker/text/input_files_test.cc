#include "worker/text/input_files.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

// What stands in a folder's name is no pattern.
TEST(InputFiles, AFolderIsMeantAsItIsCalled) {
  const testing::ScratchDir scratch;
  for (const std::string dir : {"a[b]", "c\\d", "e*", "f?", "plain"}) {
    for (const char* name : {"1.csv", "2.csv", "other"}) scratch.Write(dir + "/" + name, "");
    const auto path = scratch.path() / dir;
    EXPECT_EQ(ExpandGlobs(path, {"*.csv", "[o]ther"}),
              (std::vector{path / "1.csv", path / "2.csv", path / "other"}));
    EXPECT_EQ(ExpandGlobs("/nowhere", {GlobOf(path / "other")}), std::vector{path / "other"});
  }
  testing::ExpectError(ExitCode::kData, {"none", "no such file"},
                       [&] { ExpandGlobs(scratch.path(), {"none*"}); });
}

}  // namespace
}  // namespace fathom
