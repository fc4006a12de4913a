#include "common/file/replaced_file.h"

#include <gtest/gtest.h>

#include "common/file/text_file.h"
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
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".partial"));
}

TEST(ReplacedFile, OneThatIsNotFinishedLeavesNothing) {
  const ScratchDir dir;
  const auto file = dir.path() / "text";
  ReplaceDurably(file, "old");
  { ReplacedFile(file, ExitCode::kData).out() << "half"; }
  EXPECT_EQ(ReadText(file), "old");
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".partial"));
}

TEST(ReplacedFile, DurablyToo) {
  const ScratchDir dir;
  const auto file = dir.path() / "text";
  for (const char* text : {"old", "new"}) {
    ReplaceDurably(file, text);
    EXPECT_EQ(ReadText(file), text);
  }
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".partial"));
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

}  // namespace
}  // namespace fathom
