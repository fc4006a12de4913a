#include "worker/input/input_paths.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

// What stands in a folder's name is no pattern.
TEST(InputPaths, AFolderIsMeantAsItIsCalled) {
  const testing::ScratchDir scratch;
  for (const std::string dir : {"a[b]", "c\\d", "e*", "f?", "plain"}) {
    for (const char* name : {"1.csv", "2.csv", "other"}) scratch.Write(dir + "/" + name, "");
    const auto path = scratch.path() / dir;
    EXPECT_EQ(ExpandGlobs(path, {"*.csv", "[o]ther"}),
              (std::vector{path / "1.csv", path / "2.csv", path / "other"}));
  }
  testing::ExpectError(ExitCode::kData, {"none", "no such file"},
                       [&] { ExpandGlobs(scratch.path(), {"none*"}); });
}

TEST(InputPaths, APathThatExistsIsThatFile) {
  const testing::ScratchDir scratch;
  for (const char* name : {"br[1].csv", "br1.csv", "s*.csv", "so.csv", "q?.csv"})
    scratch.Write(name, "");
  const auto path = scratch.path();
  for (const char* name : {"br[1].csv", "s*.csv", "q?.csv"}) {
    EXPECT_EQ(ExpandGlobs(path, {name}), std::vector{path / name});
    EXPECT_EQ(ExpandGlobs("/nowhere", {(path / name).string()}), std::vector{path / name});
  }
  EXPECT_EQ(ExpandGlobs(path, {"br[12].csv"}), std::vector{path / "br1.csv"});
}

// Read twice, as other programs read what two patterns name; the name is for a warning.
TEST(InputPaths, AFileThatTwoPatternsNameIsRepeated) {
  const testing::ScratchDir scratch;
  for (const char* name : {"train.csv", "test.csv", "other.csv"}) scratch.Write(name, "");
  const auto path = std::filesystem::canonical(scratch.path());
  std::filesystem::create_symlink("other.csv", path / "link.csv");
  const auto twice = ExpandGlobs(path, {"train.csv", "t*n.csv", "t*.csv", "link.csv"});
  EXPECT_EQ(twice.size(), 5U);
  EXPECT_EQ(RepeatedFiles(twice), std::vector{path / "train.csv"});
  EXPECT_EQ(RepeatedFiles(ExpandGlobs(path, {"other.csv", "link.csv"})),
            std::vector{path / "other.csv"});
  EXPECT_TRUE(RepeatedFiles(ExpandGlobs(path, {"t*.csv", "-", "-"})).empty());
}

TEST(InputPaths, WhatCanBeReadOnce) {
  const testing::ScratchDir scratch;
  const auto fifo = scratch.path() / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_TRUE(CanBeReadOnce("-"));
  EXPECT_TRUE(CanBeReadOnce(fifo));
  EXPECT_FALSE(CanBeReadOnce(scratch.Write("plain", "")));
  EXPECT_FALSE(CanBeReadOnce(scratch.path() / "none"));
  EXPECT_EQ(ExpandGlobs(scratch.path(), {"-", "fifo"}),
            (std::vector<std::filesystem::path>{"-", fifo}));
  testing::ExpectError(ExitCode::kData, {"/dev/zero", "a device"},
                       [] { ExpandGlobs("/", {"dev/zero"}); });
  testing::ExpectError(ExitCode::kData, {"a folder, not a file"},
                       [&] { ExpandGlobs("/", {scratch.path().string()}); });
}

TEST(InputPaths, AnInputIsNoOutput) {
  const testing::ScratchDir scratch;
  namespace fs = std::filesystem;
  const fs::path input = scratch.Write("input", "text"), other = scratch.Write("other", "text");
  fs::create_symlink(input, scratch.path() / "link");
  fs::create_hard_link(input, scratch.path() / "second");
  for (const char* output : {"input", "./input", "link", "second"}) {
    testing::ExpectError(ExitCode::kUsage, {"--output x", "overwrite the input", "/input"}, [&] {
      RefuseInputAsOutput("--output x", scratch.path() / output, {other, input});
    });
  }
  RefuseInputAsOutput("--output x", other, {input, "/dev/null", "-", scratch.path() / "none"});
  RefuseInputAsOutput("--output x", "/dev/null", {"/dev/null"});
}

}  // namespace
}  // namespace fathom
