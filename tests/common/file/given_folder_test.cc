#include "common/file/given_folder.h"

#include <gtest/gtest.h>

#include "common/error.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

TEST(GivenFolder, IsMadeOrNamed) {
  testing::ScratchDir dir;
  dir.Write("file", "text");
  MakeGivenFolder(dir.path() / "a/b", "--out a/b", "");
  EXPECT_TRUE(std::filesystem::is_directory(dir.path() / "a/b"));
  for (const std::filesystem::path& no :
       {dir.path() / "file", dir.path() / "file/b", std::filesystem::path("/proc/nope")}) {
    testing::ExpectError(ExitCode::kUsage,
                         {"--out NO: no folder can be made there", "give another"},
                         [&] { MakeWritableFolder(no, "--out NO", "give another"); });
  }
}

}  // namespace
}  // namespace fathom
