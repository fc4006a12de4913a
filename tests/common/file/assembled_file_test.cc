#include "common/file/assembled_file.h"

#include <gtest/gtest.h>

#include "common/buffer.h"
#include "common/file/replaced_file.h"
#include "common/folder_entries.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

TEST(AssembledFileTest, PartsThatAreWrittenInTurnsLieOneBehindTheOther) {
  const testing::ScratchDir dir;
  AssembledFile file(dir.path() / "a", 20, ExitCode::kModel);
  AssembledFile::Part& numbers = file.AddPart(0, 8);
  AssembledFile::Part& letters = file.AddPart(16, 4);
  for (const char c : {'a', 'b', 'c', 'd'}) {
    numbers.Write(BytesOf(std::uint16_t{0x3130}));
    letters.Write(BytesOf(c));
  }
  EXPECT_EQ(letters.Checksum(), Xxh3("abcd"));
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "a"));
  file.Finish();
  EXPECT_EQ(dir.Read("a"), std::string("01010101") + std::string(8, '\0') + "abcd");
}

TEST(AssembledFileTest, OneThatIsNotFinishedLeavesWhatWasThereAndNothingElse) {
  const testing::ScratchDir dir;
  dir.Write("a", "before");
  { AssembledFile(dir.path() / "a", 100, ExitCode::kModel).WriteAt(0, BytesOf('x')); }
  EXPECT_EQ(dir.Read("a"), "before");
  EXPECT_EQ(EntriesOf(dir.path()).size(), 1U);
}

TEST(AssembledFileTest, ALengthThatNoDiskHasIsToldAtOnce) {
  const testing::ScratchDir dir;
  testing::ExpectError(ExitCode::kModel, {"bytes cannot be written", "make room"}, [&] {
    AssembledFile(dir.path() / "a", std::uint64_t{1} << 60, ExitCode::kModel);
  });
  EXPECT_TRUE(EntriesOf(dir.path()).empty());
  testing::ExpectError(ExitCode::kModel, {"cannot be written", "check the folder"},
                       [&] { AssembledFile(dir.path() / "none" / "a", 1, ExitCode::kModel); });
}

}  // namespace
}  // namespace fathom
