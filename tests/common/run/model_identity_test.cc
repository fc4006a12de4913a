#include "common/run/model_identity.h"

#include <gtest/gtest.h>

#include "common/model/manifest.h"
#include "common/model/model_text.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;
namespace fs = std::filesystem;

class ModelIdentityTest : public ::testing::Test {
 protected:
  void Write(std::uint64_t step, const std::string& text = "seed = 1\n") {
    Manifest manifest{.step = step, .tables = {{.name = "books", .wide = true}}, .files = {}};
    manifest.files.push_back(WriteTextFile(dir_, "config.toml", text));
    WriteManifest(dir_, manifest);
  }

  testing::ScratchDir scratch_;
  fs::path dir_ = scratch_.path();
};

TEST_F(ModelIdentityTest, TheSameBytesAreTheSameModel) {
  Write(20);
  const ModelIdentity first = IdentityOf(dir_);
  Write(20);
  EXPECT_EQ(IdentityOf(dir_), first);
  CheckIdentity(dir_, first);
}

TEST_F(ModelIdentityTest, AnotherStepOrAnotherFileIsAnotherModel) {
  Write(20);
  const ModelIdentity first = IdentityOf(dir_);
  Write(40);
  ExpectError(ExitCode::kModel, {"step 40", "step 20", "rank 0"},
              [&] { CheckIdentity(dir_, first); });
  Write(20, "seed = 2\n");
  ExpectError(ExitCode::kModel, {"step 20", "the same model"}, [&] { CheckIdentity(dir_, first); });
}

TEST_F(ModelIdentityTest, AModelThatIsReplacedWhileItIsReadIsReadAgain) {
  Write(20);
  int readings = 0;
  ReadOneModel({dir_}, [&] {
    if (++readings == 4) return;
    Write(20 + static_cast<std::uint64_t>(readings));
    throw Error(ExitCode::kModel, "altered");
  });
  EXPECT_EQ(readings, 4);
}

TEST_F(ModelIdentityTest, OneThatAppearsWhileItIsLookedForIsRead) {
  int readings = 0;
  ReadOneModel({dir_}, [&] {
    if (++readings == 2) return;
    Write(20);
    throw Error(ExitCode::kModel, "no model");
  });
  EXPECT_EQ(readings, 2);
}

TEST_F(ModelIdentityTest, DamageIsSaidAtOnce) {
  Write(20);
  int readings = 0;
  ExpectError(ExitCode::kModel, {"altered"}, [&] {
    ReadOneModel({dir_}, [&] {
      ++readings;
      throw Error(ExitCode::kModel, "altered");
    });
  });
  EXPECT_EQ(readings, 1);
}

TEST_F(ModelIdentityTest, OtherFailuresAreSaidAtOnce) {
  Write(20);
  int readings = 0;
  ExpectError(ExitCode::kData, {"a bad line"}, [&] {
    ReadOneModel({dir_}, [&] {
      Write(20 + static_cast<std::uint64_t>(++readings));
      throw Error(ExitCode::kData, "a bad line");
    });
  });
  EXPECT_EQ(readings, 1);
}

TEST_F(ModelIdentityTest, OneThatIsReplacedAllTheTimeIsGivenUp) {
  int readings = 0;
  ExpectError(ExitCode::kModel, {"altered"}, [&] {
    ReadOneModel({dir_}, [&] {
      Write(static_cast<std::uint64_t>(++readings));
      throw Error(ExitCode::kModel, "altered");
    });
  });
  EXPECT_EQ(readings, 10);
}

}  // namespace
}  // namespace fathom
