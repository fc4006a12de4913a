#include "common/file/replaced_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "common/file/descriptor.h"
#include "common/file/text_file.h"
#include "common/folder_entries.h"
#include "common/process/process_mark.h"
#include "common/utf8.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ScratchDir;

TEST(ReplacedFile, TheOldFileStaysUntilTheNewOneIsWhole) {
  const ScratchDir dir;
  const auto file = dir.path() / "text";
  ReplaceText(file, "old", ExitCode::kData);
  {
    ReplacedFile replaced(file, ExitCode::kData);
    replaced.out() << "new" << std::flush;
    EXPECT_EQ(ReadText(file), "old");
    replaced.Finish();
  }
  EXPECT_EQ(ReadText(file), "new");
  EXPECT_EQ(EntriesOf(dir.path()).size(), 1U);
}

TEST(ReplacedFile, OneThatIsNotFinishedLeavesNothing) {
  const ScratchDir dir;
  const auto file = dir.path() / "text";
  ReplaceDurably(file, "old");
  { ReplacedFile(file, ExitCode::kData).out() << "half"; }
  EXPECT_EQ(ReadText(file), "old");
  EXPECT_EQ(EntriesOf(dir.path()).size(), 1U);
}

// Of two that write at once both files are whole, and the last one stands.
TEST(ReplacedFile, TwoAtOnceDoNotMix) {
  const ScratchDir dir;
  const auto file = dir.path() / "text";
  ReplacedFile first(file, ExitCode::kData), second(file, ExitCode::kData);
  for (int i = 0; i < 3000; ++i) {
    first.out() << "first\n";
    second.out() << "second\n";
  }
  second.Finish();
  EXPECT_EQ(ReadText(file).size(), 3000 * 7U);
  EXPECT_EQ(ReadText(file).find("first"), std::string::npos);
  first.Finish();
  EXPECT_EQ(ReadText(file).size(), 3000 * 6U);
  EXPECT_EQ(EntriesOf(dir.path()).size(), 1U);
}

// What is called NAME.partial is somebody's; what a process that died left of its own goes.
TEST(ReplacedFile, TouchesNothingElse) {
  const ScratchDir dir;
  const auto file = dir.path() / "text";
  dir.Write("text.partial", "precious");
  dir.Write("other.partial-notes", "mine");
  ProcessMark dead = ProcessMark::OfThisProcess();
  dead.pid = 1 << 22;  // above all process ids
  dir.Write("text.partial-" + dead.Name(), "half");
  ReplaceText(file, "new", ExitCode::kData);
  EXPECT_EQ(ReadText(dir.path() / "text.partial"), "precious");
  EXPECT_EQ(ReadText(dir.path() / "other.partial-notes"), "mine");
  EXPECT_EQ(EntriesOf(dir.path()).size(), 3U);
  const auto longest = dir.path() / std::string(255, 'n');
  ReplaceText(longest, "long", ExitCode::kData);
  EXPECT_EQ(ReadText(longest), "long");
}

// Not every file system takes a name that ends within a character.
TEST(ReplacedFile, TheNameBesideHasWholeCharacters) {
  const ScratchDir dir;
  std::string name = "x";
  for (int i = 0; i < 60; ++i) name += "é";
  ReplacedFile replaced(dir.path() / name, ExitCode::kData);
  ASSERT_EQ(EntriesOf(dir.path()).size(), 1U);
  EXPECT_TRUE(IsUtf8(EntriesOf(dir.path()).front().filename().string()));
  replaced.Finish();
  EXPECT_TRUE(std::filesystem::exists(dir.path() / name));
}

TEST(ReplacedFile, DurablyToo) {
  const ScratchDir dir;
  const auto file = dir.path() / "text";
  for (const char* text : {"old", "new"}) {
    ReplaceDurably(file, text);
    EXPECT_EQ(ReadText(file), text);
  }
  EXPECT_EQ(EntriesOf(dir.path()).size(), 1U);
}

TEST(ReplacedFile, WhatCannotBeWrittenIsNamed) {
  const ScratchDir dir;
  const auto nowhere = dir.path() / "none" / "text";
  ExpectError(ExitCode::kData, {"none/text", "cannot be written"},
              [&] { ReplacedFile(nowhere, ExitCode::kData); });
  ExpectError(ExitCode::kModel, {"none/text", "cannot be created"},
              [&] { ReplaceDurably(nowhere, ""); });
  std::filesystem::create_directories(dir.path() / "folder" / "inside");
  ExpectError(ExitCode::kTraining, {"folder", "cannot be written"},
              [&] { ReplaceText(dir.path() / "folder", "text", ExitCode::kTraining); });
}

TEST(ReplacedFile, LinksStayAndModesAreKept) {
  const ScratchDir dir;
  dir.Write("there/text", "old");
  std::filesystem::create_symlink("there/text", dir.path() / "link");
  std::filesystem::create_symlink("there/new", dir.path() / "dangling");
  std::filesystem::permissions(dir.path() / "there" / "text", std::filesystem::perms::owner_read);
  ReplaceText(dir.path() / "link", "new", ExitCode::kData);
  ReplaceText(dir.path() / "dangling", "made", ExitCode::kData);
  EXPECT_TRUE(std::filesystem::is_symlink(dir.path() / "link"));
  EXPECT_EQ(dir.Read("there/text"), "new");
  EXPECT_EQ(dir.Read("there/new"), "made");
  EXPECT_EQ(std::filesystem::status(dir.path() / "there" / "text").permissions(),
            std::filesystem::perms::owner_read);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path() / "there"), {}), 2);
}

TEST(ReplacedFile, WhatIsNoPlainFileIsWrittenThrough) {
  const ScratchDir dir;
  const auto fifo = dir.path() / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  std::string read;
  std::thread reader([&] { read = dir.Read("fifo"); });
  ReplaceText(fifo, "text", ExitCode::kTraining);
  reader.join();
  EXPECT_EQ(read, "text");
  EXPECT_TRUE(std::filesystem::is_fifo(fifo));
  ReplaceText("/dev/null", "text", ExitCode::kTraining);
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  ExpectError(ExitCode::kTraining, {"/dev/full", "cannot be written"},
              [] { ReplaceText("/dev/full", "text", ExitCode::kTraining); });
}

// What this process has open, though it be a plain file, is added to.
TEST(ReplacedFile, StandardOutput) {
  ::testing::internal::CaptureStdout();
  ReplaceText("/dev/stdout", "text", ExitCode::kTraining);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "text");
}

// As in a shell's { echo before; fathom predict --output -; echo after; } > file: nothing of the
// others is written over, whether the file is open to write or to add.
TEST(ReplacedFile, ADescriptorIsWrittenWhereItStands) {
  const ScratchDir dir;
  const auto file = dir.path() / "shared";
  for (const int flags : {O_TRUNC, O_TRUNC | O_APPEND}) {
    const Descriptor open(Descriptor(::open(file.c_str(), O_CREAT | O_WRONLY | flags, 0600)));
    ASSERT_EQ(write(open.get(), "before\n", 7), 7);
    for (const char* folder : {"/dev/fd", "/proc/self/fd", "/proc/thread-self/fd"})
      ReplaceText(fmt::format("{}/{}", folder, open.get()), "scores\n", ExitCode::kModel);
    ASSERT_EQ(write(open.get(), "after\n", 6), 6);
    EXPECT_EQ(ReadText(file), "before\nscores\nscores\nscores\nafter\n");
  }
}

}  // namespace
}  // namespace fathom
