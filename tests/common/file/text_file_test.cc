#include "common/file/text_file.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;

TEST(TextFile, ComesBackAsItWasWritten) {
  const testing::ScratchDir dir;
  for (const std::string& text :
       {std::string("a\0b\r\n", 5), std::string("short"), std::string()}) {
    dir.Write("text", text);
    EXPECT_EQ(ReadText(dir.path() / "text"), text);
  }
}

TEST(TextFile, WhatCannotBeOpenedIsNamed) {
  const testing::ScratchDir dir;
  ExpectError(ExitCode::kData, {"none", "cannot be opened", "No such file"},
              [&] { ReadText(dir.path() / "none"); });
}

}  // namespace
}  // namespace fathom
