// Of the disk that fails or forgets: tests/disk.
#include "common/file/durable_file.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/random.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ScratchDir;
namespace fs = std::filesystem;

std::string Bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(Mix64(1, i));
  return bytes;
}

std::span<const std::byte> Span(const std::string& bytes) {
  return std::as_bytes(std::span(bytes));
}

// Files of no block, parts of one, one exactly, and several; written in pieces of any size.
TEST(DurableFile, HoldsWhatWasWrittenWithItsChecksums) {
  const ScratchDir dir;
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, kBlockBytes - 1, kBlockBytes,
                                  kBlockBytes + 1, 2 * kBlockBytes + 12345}) {
    for (const std::size_t piece : {std::size_t{1000}, kBlockBytes, 3 * kBlockBytes}) {
      const std::string bytes = Bytes(count);
      DurableFile file(dir.path() / "file");
      for (std::size_t at = 0; at < count; at += piece) file.Write(Span(bytes.substr(at, piece)));
      file.Finish();
      EXPECT_TRUE(dir.Read("file") == bytes) << count << " bytes in pieces of " << piece;
      EXPECT_EQ(file.bytes(), count);
      EXPECT_EQ(file.checksum(), Xxh3(bytes));
      std::vector<std::uint64_t> blocks;
      for (std::size_t at = 0; at < count; at += kBlockBytes)
        blocks.push_back(Xxh3(std::string_view(bytes).substr(at, kBlockBytes)));
      EXPECT_EQ(file.blocks(), blocks) << count << " bytes in pieces of " << piece;
    }
  }
}

TEST(DurableFile, OneThatIsNotFinishedIsRemoved) {
  const ScratchDir dir;
  {
    DurableFile file(dir.path() / "file");
    file.Write(Span(Bytes(10)));
    EXPECT_TRUE(fs::exists(dir.path() / "file"));
  }
  EXPECT_FALSE(fs::exists(dir.path() / "file"));
}

TEST(DurableFile, TakesThePlaceOfALongerOne) {
  const ScratchDir dir;
  dir.Write("file", Bytes(1000));
  DurableFile file(dir.path() / "file");
  file.Write(Span("new"));
  file.Finish();
  EXPECT_EQ(dir.Read("file"), "new");
}

TEST(OverwriteDurably, WritesEachPieceAtItsPlaceAndNothingElse) {
  const ScratchDir dir;
  dir.Write("file", "0123456789");
  const std::string first = "ab", second = "xyz";
  OverwriteDurably(dir.path() / "file",
                   std::vector<FilePiece>{{7, Span(second)}, {1, Span(first)}});
  EXPECT_EQ(dir.Read("file"), "0ab3456xyz");
  ExpectError(ExitCode::kModel, {"none", "cannot be opened"}, [&] {
    OverwriteDurably(dir.path() / "none", std::vector<FilePiece>{{0, Span(first)}});
  });
  EXPECT_FALSE(fs::exists(dir.path() / "none"));
}

TEST(ReadFile, GivesTheWholeFileOrTheRemedy) {
  const ScratchDir dir;
  for (const std::size_t count : {0, 1, 100000}) {
    const std::string bytes = Bytes(count);
    dir.Write("file", bytes);
    const Buffer read = ReadFile(dir.path() / "file", "pray");
    EXPECT_TRUE(std::ranges::equal(read.bytes(), Span(bytes))) << count;
  }
  ExpectError(ExitCode::kModel, {"none", "No such file", "pray"},
              [&] { ReadFile(dir.path() / "none", "pray"); });
}

TEST(MakeFolder, MakesThoseAboveItToo) {
  const ScratchDir dir;
  for (int round = 0; round < 2; ++round) {
    MakeFolder(dir.path() / "a" / "b" / "c");
    EXPECT_TRUE(fs::is_directory(dir.path() / "a" / "b" / "c"));
  }
  dir.Write("file", "");
  ExpectError(ExitCode::kModel, {"file/below", "cannot be made"},
              [&] { MakeFolder(dir.path() / "file" / "below"); });
}

TEST(Rename, ReplacesAFile) {
  const ScratchDir dir;
  dir.Write("old", "old");
  dir.Write("new", "new");
  Rename(dir.path() / "new", dir.path() / "old");
  EXPECT_EQ(dir.Read("old"), "new");
  EXPECT_FALSE(fs::exists(dir.path() / "new"));
  ExpectError(ExitCode::kModel, {"new", "cannot be renamed"},
              [&] { Rename(dir.path() / "new", dir.path() / "old"); });
}

TEST(SyncDir, AFolderThatIsNotThereIsAnError) {
  const ScratchDir dir;
  SyncDir(dir.path());
  ExpectError(ExitCode::kModel, {"none", "cannot be synced"},
              [&] { SyncDir(dir.path() / "none"); });
}

TEST(LinkFile, IsASecondNameOfTheSameFile) {
  const ScratchDir dir;
  dir.Write("one", "text");
  EXPECT_TRUE(LinkFile(dir.path() / "one", dir.path() / "two"));
  EXPECT_EQ(fs::hard_link_count(dir.path() / "two"), 2U);
  EXPECT_EQ(dir.Read("two"), "text");
  ExpectError(ExitCode::kModel, {"two", "cannot be linked", "File exists"},
              [&] { LinkFile(dir.path() / "one", dir.path() / "two"); });
}

}  // namespace
}  // namespace fathom
