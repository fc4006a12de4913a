#include "common/file/published_dir.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

class PublishedDirTest : public ::testing::Test {
 protected:
  testing::ScratchDir dir_;
  fs::path partial_ = dir_.path() / "out" / "model.partial";
  fs::path published_ = dir_.path() / "out" / "model";
};

TEST_F(PublishedDirTest, APartialOneBeginsEmpty) {
  StartPartial(partial_);
  EXPECT_TRUE(fs::is_empty(partial_));
  dir_.Write("out/model.partial/left/behind", "");
  StartPartial(partial_);
  EXPECT_TRUE(fs::is_empty(partial_));
}

TEST_F(PublishedDirTest, TakesThePlaceOfTheOneBefore) {
  for (const char* text : {"first", "second"}) {
    StartPartial(partial_);
    dir_.Write(std::string("out/model.partial/") + text, text);
    Publish(partial_, published_);
    EXPECT_EQ(dir_.Read(std::string("out/model/") + text), text);
    EXPECT_FALSE(fs::exists(partial_));
  }
  EXPECT_FALSE(fs::exists(published_ / "first")) << "of the one before";
}

TEST_F(PublishedDirTest, WithoutAPartialOneThePublishedOneStays) {
  dir_.Write("out/model/text", "good");
  testing::ExpectError(ExitCode::kModel, {"model.partial", "cannot take the place of"},
                       [&] { Publish(partial_, published_); });
  EXPECT_EQ(dir_.Read("out/model/text"), "good");
}

}  // namespace
}  // namespace fathom
