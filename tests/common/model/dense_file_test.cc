// dense.bin
#include "common/model/dense_file.h"

#include <gtest/gtest.h>

#include "common/model/manifest.h"
#include "tests/common/model/small_model.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::kRemedy;
using testing::Patch;
using testing::Reseal;
using testing::ScratchDir;
using testing::SmallModel;

class DenseFileTest : public ::testing::Test {
 protected:
  void Read() { ReadDense(dir_.path(), manifest_); }

  // As a program with a fault would write it: the manifest agrees with the damage.
  template <typename T>
  void PatchSealed(std::size_t at, T value) {
    Patch(dir_, "dense.bin", at, value);
    Reseal(dir_, "dense.bin", &manifest_);
  }

  ScratchDir dir_;
  Manifest manifest_ = SmallModel().Write(dir_.path());
};

TEST_F(DenseFileTest, ComesBack) {
  const DenseState read = ReadDense(dir_.path(), manifest_);
  EXPECT_EQ(read.values, SmallModel().dense);
  EXPECT_EQ(read.state, SmallModel().dense_state);
}

TEST_F(DenseFileTest, MissingFile) {
  std::filesystem::remove(dir_.path() / "dense.bin");
  ExpectError(ExitCode::kModel, {"dense.bin", "cannot be opened", kRemedy}, [&] { Read(); });
}

TEST_F(DenseFileTest, DoesNotDependOnTheNumberOfServers) {
  constexpr std::uint64_t kFloats = 80;
  std::vector<float> values(kFloats), accumulators(kFloats);
  for (std::size_t i = 0; i < kFloats; ++i) {
    values[i] = static_cast<float>(i) * 0.1F;
    accumulators[i] = 1 / static_cast<float>(i + 1);
  }
  std::string one;
  for (int servers = 1; servers <= 5; ++servers) {
    ScratchDir dir;
    CreateDense(dir.path(), kFloats, 1);
    for (int s = servers - 1; s >= 0; --s) {
      const std::uint64_t first =
          kFloats * static_cast<std::uint64_t>(s) / static_cast<std::uint64_t>(servers);
      const std::uint64_t end =
          kFloats * static_cast<std::uint64_t>(s + 1) / static_cast<std::uint64_t>(servers);
      WriteDenseRange(FolderOutput(dir.path()), kFloats, first,
                      std::span(values).subspan(first, end - first),
                      std::span(accumulators).subspan(first, end - first));
    }
    const Manifest manifest{
        .tables = {}, .dense_floats = kFloats, .files = {FinishDense(dir.path(), kFloats, 1)}};
    const DenseState read = ReadDense(dir.path(), manifest);
    EXPECT_EQ(read.values, values);
    EXPECT_EQ(read.state, accumulators);
    if (servers == 1) one = dir.Read("dense.bin");
    EXPECT_EQ(dir.Read("dense.bin"), one);
  }
}

TEST_F(DenseFileTest, WrongMagic) {
  PatchSealed(0, 'G');
  ExpectError(ExitCode::kModel, {"dense.bin", "magic", kRemedy}, [&] { Read(); });
}

TEST_F(DenseFileTest, WrongVersion) {
  PatchSealed(8, std::uint32_t{9});
  ExpectError(ExitCode::kModel, {"dense.bin", "version 9"}, [&] { Read(); });
}

TEST_F(DenseFileTest, BadCount) {
  PatchSealed(16, std::uint64_t{17});
  ExpectError(ExitCode::kModel, {"dense.bin", "17 parameters", "16"}, [&] { Read(); });
}

TEST_F(DenseFileTest, BadChecksum) {
  Patch(dir_, "dense.bin", 30, 'x');
  ExpectError(ExitCode::kModel, {"dense.bin", "checksum"}, [&] { Read(); });
}

TEST_F(DenseFileTest, Short) {
  std::filesystem::resize_file(dir_.path() / "dense.bin", 100);
  ExpectError(ExitCode::kModel, {"dense.bin", "100 bytes"}, [&] { Read(); });
  ExpectError(ExitCode::kModel, {"dense.bin", "100 bytes"},
              [&] { FinishDense(dir_.path(), 16, 1); });
  Reseal(dir_, "dense.bin", &manifest_);
  ExpectError(ExitCode::kModel, {"dense.bin", "ends"}, [&] { Read(); });
}

TEST_F(DenseFileTest, TrailingBytes) {
  std::filesystem::resize_file(dir_.path() / "dense.bin", 24 + 128 + 1);
  Reseal(dir_, "dense.bin", &manifest_);
  ExpectError(ExitCode::kModel, {"dense.bin", "1 bytes too many"}, [&] { Read(); });
}

}  // namespace
}  // namespace fathom
