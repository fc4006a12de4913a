#include "common/model/admission_file.h"

#include <gtest/gtest.h>

#include "tests/common/model/small_model.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ScratchDir;
using testing::SmallModel;

constexpr const char* kFile = "admission-05.bin";

class AdmissionFileTest : public ::testing::Test {
 protected:
  AdmissionFileTest() {
    for (std::size_t i = 0; i < counters_.size(); ++i) counters_[i] = static_cast<std::byte>(i);
    manifest_.files.push_back(WriteAdmissionFile(FolderOutput(dir_.path()), 5, counters_));
  }
  void ExpectDamaged(std::initializer_list<const char*> words) {
    Reseal(dir_, kFile, &manifest_);
    ExpectError(ExitCode::kModel, words, [&] { ReadAdmissionFile(dir_.path(), manifest_, 5); });
  }

  ScratchDir dir_;
  Manifest manifest_ = SmallModel().Write(dir_.path());
  std::vector<std::byte> counters_ = std::vector<std::byte>(1000);
};

TEST_F(AdmissionFileTest, RoundTrip) {
  EXPECT_TRUE(HasAdmissionFile(manifest_, 5));
  EXPECT_FALSE(HasAdmissionFile(manifest_, 6));
  const Buffer read = ReadAdmissionFile(dir_.path(), manifest_, 5);
  EXPECT_TRUE(std::ranges::equal(read.bytes(), counters_));
}

TEST_F(AdmissionFileTest, Missing) {
  ExpectError(ExitCode::kModel, {"admission-06.bin"},
              [&] { ReadAdmissionFile(dir_.path(), manifest_, 6); });
}

TEST_F(AdmissionFileTest, Altered) {
  Patch(dir_, kFile, 100, 'x');
  ExpectError(ExitCode::kModel, {kFile, "altered"},
              [&] { ReadAdmissionFile(dir_.path(), manifest_, 5); });
}

TEST_F(AdmissionFileTest, WrongMagic) {
  Patch(dir_, kFile, 0, 'x');
  ExpectDamaged({kFile, "magic"});
}

TEST_F(AdmissionFileTest, AnotherVersion) {
  Patch(dir_, kFile, 8, std::uint32_t{2});
  ExpectDamaged({kFile, "version 2"});
}

TEST_F(AdmissionFileTest, AnotherPartition) {
  Patch(dir_, kFile, 12, std::uint32_t{6});
  ExpectDamaged({kFile, "partition 6"});
}

TEST_F(AdmissionFileTest, MoreCountersThanBytes) {
  Patch(dir_, kFile, 16, std::uint64_t{1001});
  ExpectDamaged({kFile, "ends within"});
}

TEST_F(AdmissionFileTest, BytesTooMany) {
  Patch(dir_, kFile, 16, std::uint64_t{999});
  ExpectDamaged({kFile, "too many"});
}

}  // namespace
}  // namespace fathom
