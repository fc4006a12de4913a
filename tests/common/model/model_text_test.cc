#include "common/model/model_text.h"

#include <gtest/gtest.h>

#include "tests/common/model/small_model.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ScratchDir;
using testing::SmallModel;

class ModelTextTest : public ::testing::Test {
 protected:
  ScratchDir dir_;
  SmallModel model_;
  Manifest manifest_ = model_.Write(dir_.path());
};

TEST_F(ModelTextTest, ComesBack) {
  const std::string text("a\0b\n\xC3\xA4", 6);
  manifest_.files.push_back(WriteTextFile(dir_.path(), "transforms.json", text));
  EXPECT_EQ(ReadTextFile(dir_.path(), manifest_, "transforms.json"), text);
  manifest_.files.push_back(WriteTextFile(dir_.path(), "empty.txt", ""));
  EXPECT_EQ(ReadTextFile(dir_.path(), manifest_, "empty.txt"), "");
}

TEST_F(ModelTextTest, AnAlteredOneIsRefused) {
  dir_.Write("config.toml", "seed = 2\n");
  ExpectError(ExitCode::kModel, {"config.toml", "checksum", "restore the folder from a copy"},
              [&] { ReadTextFile(dir_.path(), manifest_, "config.toml"); });
}

}  // namespace
}  // namespace fathom
