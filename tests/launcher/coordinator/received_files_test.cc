#include "launcher/coordinator/received_files.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "common/file/text_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;
using testing::ExpectError;
using testing::ScratchDir;

FileOrder Order(FileAct act, const std::string& name, const std::string& bytes = "",
                std::uint64_t offset = 0) {
  return {.act = act, .name = name, .offset = offset, .bytes = {bytes.begin(), bytes.end()}};
}

class ReceivedFilesTest : public ::testing::Test {
 protected:
  ReceivedFilesTest() {
    fs::create_directories(dir());
    fs::create_directories(base());
  }
  fs::path dir() const { return scratch_.path() / "new"; }
  fs::path base() const { return scratch_.path() / "base"; }
  void Done(int server, const FileOrder& order) {
    const FileAnswer answer = files_.Take(server, order);
    EXPECT_TRUE(answer.done) << answer.failure;
    EXPECT_EQ(answer.failure, "");
  }

  ScratchDir scratch_;
  ReceivedFiles files_{dir(), base()};
};

TEST_F(ReceivedFilesTest, FilesOfTwoServersAtOnce) {
  Done(0, Order(FileAct::kCreate, "rows-00.bin"));
  Done(1, Order(FileAct::kCreate, "rows-32.bin"));
  Done(0, Order(FileAct::kAppend, "rows-00.bin", "one "));
  Done(1, Order(FileAct::kAppend, "rows-32.bin", "three"));
  Done(0, Order(FileAct::kAppend, "rows-00.bin", "two"));
  Done(1, Order(FileAct::kFinish, "rows-32.bin"));
  Done(0, Order(FileAct::kFinish, "rows-00.bin"));
  EXPECT_EQ(ReadText(dir() / "rows-00.bin"), "one two");
  EXPECT_EQ(ReadText(dir() / "rows-32.bin"), "three");
}

TEST_F(ReceivedFilesTest, OverwritesAPieceInItsPlace) {
  std::ofstream(dir() / "dense.bin") << "0000000";
  Done(0, Order(FileAct::kOverwrite, "dense.bin", "ab", 2));
  EXPECT_EQ(ReadText(dir() / "dense.bin"), "00ab000");
}

TEST_F(ReceivedFilesTest, TakesOverWhatTheBaseHas) {
  std::ofstream(base() / "rows-00.bin") << "old";
  EXPECT_TRUE(files_.Take(0, Order(FileAct::kTakeOver, "rows-00.bin")).done);
  EXPECT_EQ(ReadText(dir() / "rows-00.bin"), "old");
  const FileAnswer none = files_.Take(0, Order(FileAct::kTakeOver, "rows-01.bin"));
  EXPECT_FALSE(none.done);
  EXPECT_EQ(none.failure, "");
  Done(0, Order(FileAct::kRemove, "rows-00.bin"));
  EXPECT_FALSE(fs::exists(dir() / "rows-00.bin"));
  EXPECT_EQ(ReadText(base() / "rows-00.bin"), "old");
  ReceivedFiles without_base(dir(), {});
  EXPECT_FALSE(without_base.Take(0, Order(FileAct::kTakeOver, "rows-00.bin")).done);
}

TEST_F(ReceivedFilesTest, OneThatIsGivenUpLeavesNothing) {
  Done(0, Order(FileAct::kCreate, "rows-00.bin"));
  Done(0, Order(FileAct::kAppend, "rows-00.bin", "half"));
  // The same server begins it anew.
  Done(0, Order(FileAct::kCreate, "rows-00.bin"));
  Done(0, Order(FileAct::kAppend, "rows-00.bin", "whole"));
  Done(0, Order(FileAct::kFinish, "rows-00.bin"));
  EXPECT_EQ(ReadText(dir() / "rows-00.bin"), "whole");
  {
    ReceivedFiles others(dir(), {});
    others.Take(1, Order(FileAct::kCreate, "rows-01.bin"));
  }
  EXPECT_FALSE(fs::exists(dir() / "rows-01.bin"));
}

TEST_F(ReceivedFilesTest, WhatTheDiskRefusesIsTheAnswer) {
  fs::remove_all(dir());
  const FileAnswer answer = files_.Take(0, Order(FileAct::kCreate, "rows-00.bin"));
  EXPECT_FALSE(answer.done);
  EXPECT_NE(answer.failure.find("cannot be created"), std::string::npos) << answer.failure;
  EXPECT_NE(files_.Take(0, Order(FileAct::kAppend, "rows-00.bin", "x")).failure, "");
  EXPECT_NE(files_.Take(0, Order(FileAct::kOverwrite, "dense.bin", "x")).failure, "");
}

TEST_F(ReceivedFilesTest, NamesThatLeaveTheFolderAreRefused) {
  for (const char* name : {"../model.bin", "/etc/passwd", ".hidden", "", "a/b"})
    ExpectError(ExitCode::kPeer, {"no plain file name"},
                [&] { files_.Take(0, Order(FileAct::kCreate, name)); });
}

}  // namespace
}  // namespace fathom
