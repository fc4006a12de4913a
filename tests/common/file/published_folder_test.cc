// Of a disk that fails, or refuses to rename: tests/disk.
#include "common/file/published_folder.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;
namespace fs = std::filesystem;

constexpr PublishedFolder::Seal kSeal = {.file = "seal", .word = "ours"};

class PublishedFolderTest : public ::testing::Test {
 protected:
  // A new one that holds a file of this name.
  static void Write(const PublishedFolder& folder, const std::string& name) {
    folder.Start();
    std::ofstream(folder.partial() / name) << name;
    std::ofstream(folder.partial() / kSeal.file) << "ours";
    folder.Publish();
  }

  testing::ScratchDir dir_;
  PublishedFolder folder_{dir_.path() / "out" / "model", kSeal};
};

TEST_F(PublishedFolderTest, BeginsEmpty) {
  folder_.Start();
  EXPECT_TRUE(fs::is_empty(folder_.partial()));
  dir_.Write("out/model.partial/left/behind", "");
  folder_.Start();
  EXPECT_TRUE(fs::is_empty(folder_.partial()));
}

TEST_F(PublishedFolderTest, TakesThePlaceOfTheOneBefore) {
  for (const char* name : {"first", "second"}) {
    Write(folder_, name);
    EXPECT_EQ(dir_.Read(std::string("out/model/") + name), name);
    EXPECT_EQ(folder_.Find(), dir_.path() / "out" / "model");
    EXPECT_FALSE(fs::exists(folder_.partial()));
  }
  EXPECT_FALSE(fs::exists(folder_.path() / "first")) << "of the one before";
}

TEST_F(PublishedFolderTest, OneThatIsNotWholeIsNotPublished) {
  Write(folder_, "good");
  folder_.Start();
  ExpectError(ExitCode::kModel, {"model.partial", "not whole", "seal"}, [&] { folder_.Publish(); });
  EXPECT_EQ(dir_.Read("out/model/good"), "good");
}

// What a writer that died between two steps leaves.
TEST_F(PublishedFolderTest, AReaderFindsTheWholeOne) {
  Write(folder_, "old");
  dir_.Write("out/model.partial/seal", "ours");
  EXPECT_EQ(folder_.Find(), folder_.path());
  fs::rename(folder_.path() / "seal", folder_.path() / "seal.partial");
  EXPECT_EQ(folder_.Find(), folder_.partial());
  EXPECT_TRUE(folder_.IsHalfRemoved());
  folder_.Mend();
  EXPECT_EQ(folder_.Find(), folder_.path());
  EXPECT_TRUE(folder_.IsWhole());
  EXPECT_FALSE(fs::exists(folder_.partial()));
  EXPECT_FALSE(fs::exists(folder_.path() / "old"));
}

TEST_F(PublishedFolderTest, OfTwoThatWriteTheSameTheSecondMayYield) {
  const PublishedFolder second(folder_.path(), kSeal, "model.partial-2");
  second.Start();
  dir_.Write("out/model.partial-2/seal", "ours");
  Write(folder_, "first");
  second.Publish(PublishedFolder::Other::kStays);
  EXPECT_EQ(dir_.Read("out/model/first"), "first");
  EXPECT_FALSE(fs::exists(second.partial()));
}

TEST_F(PublishedFolderTest, WhatIsNotOursIsNeverReplaced) {
  for (const auto& [file, text] :
       {std::pair("out/model/notes.txt", "mine"), std::pair("out/model/seal", "another program's"),
        std::pair("out/model", "a file")}) {
    fs::remove_all(dir_.path() / "out");
    dir_.Write(file, text);
    ExpectError(ExitCode::kUsage, {"out/model", "not of Fathom", "move it away"},
                [&] { folder_.CheckOurs(); });
    ExpectError(ExitCode::kUsage, {"out/model"}, [&] { folder_.Start(); });
    EXPECT_EQ(dir_.Read(file), text);
    fs::create_directories(dir_.path() / "out");
    dir_.Write("out/model.partial/seal", "ours");
    ExpectError(ExitCode::kUsage, {"out/model"}, [&] { folder_.Publish(); });
    EXPECT_EQ(dir_.Read(file), text);
  }
}

TEST_F(PublishedFolderTest, AnEmptyFolderIsNobodys) {
  fs::create_directories(folder_.path());
  Write(folder_, "first");
  EXPECT_EQ(dir_.Read("out/model/first"), "first");
}

TEST_F(PublishedFolderTest, LinksStayAndAreFollowed) {
  fs::create_directories(dir_.path() / "disk");
  fs::create_directory_symlink(dir_.path() / "disk", dir_.path() / "out");
  fs::create_directory_symlink("../elsewhere/model", dir_.path() / "disk" / "model");
  fs::create_directories(dir_.path() / "elsewhere");
  const PublishedFolder folder(dir_.path() / "disk" / "model", kSeal);
  for (const char* name : {"first", "second"}) {
    Write(folder, name);
    EXPECT_TRUE(fs::is_symlink(dir_.path() / "disk" / "model"));
    EXPECT_EQ(dir_.Read(std::string("out/model/") + name), name);
    EXPECT_EQ(dir_.Read(std::string("elsewhere/model/") + name), name);
  }
  EXPECT_FALSE(fs::exists(dir_.path() / "elsewhere" / "model" / "first"));
}

TEST_F(PublishedFolderTest, OneThatIsRemovedIsFirstNotWhole) {
  Write(folder_, "file");
  folder_.Remove();
  EXPECT_FALSE(fs::exists(folder_.path()));
  folder_.Remove();
}

TEST_F(PublishedFolderTest, ANameMayEndInASlashOrBeTheFolderOneIsIn) {
  EXPECT_EQ(PublishedFolder("out/model/", kSeal).path().filename(), "model");
  EXPECT_EQ(PublishedFolder(".", kSeal).path(), fs::current_path());
}

}  // namespace
}  // namespace fathom
