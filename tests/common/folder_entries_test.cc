#include "common/folder_entries.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

TEST(FolderEntries, FilesAndFoldersOfThisOneAlone) {
  const testing::ScratchDir dir;
  dir.Write("a", "");
  dir.Write("b/c", "");
  const auto entries = EntriesOf(dir.path());
  EXPECT_EQ(std::set(entries.begin(), entries.end()),
            (std::set{dir.path() / "a", dir.path() / "b"}));
}

TEST(FolderEntries, NoneWhereThereIsNoFolder) {
  const testing::ScratchDir dir;
  dir.Write("file", "");
  EXPECT_TRUE(EntriesOf(dir.path() / "nowhere").empty());
  EXPECT_TRUE(EntriesOf(dir.path() / "file").empty());
}

}  // namespace
}  // namespace fathom
