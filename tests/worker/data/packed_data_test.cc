#include "worker/data/packed_data.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <functional>
#include <utility>

#include "common/xxh3.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"
#include "tests/support/synthetic_examples.h"

namespace fathom {
namespace {

constexpr std::size_t kExamples = 2 * kBlockExamples + 100;

ModelSpec Spec() {
  Config config;
  config.columns = {{.name = "a"},
                    {.name = "m", .kind = ColumnKind::kMultivalent},
                    {.name = "w", .kind = ColumnKind::kMultivalent, .weighted = true},
                    {.name = "x", .kind = ColumnKind::kNumeric}};
  config.evaluate.group_by = "a";
  return MakeModelSpec(config);
}

class PackedDataTest : public ::testing::Test {
 protected:
  PackedDataTest() : spec_(Spec()), file_(dir_.path() / "data.fpk") {
    testing::WriteSyntheticExamples(spec_, kExamples, 1, 50, file_);
    bytes_ = dir_.Read("data.fpk");
  }

  void ReadAll() {
    const PackedData data(file_, spec_);
    for (std::uint64_t e = 0; e < data.examples(); ++e) data.Example(e);
  }
  void ExpectRefused(std::initializer_list<const char*> words) {
    dir_.Write("data.fpk", bytes_);
    testing::ExpectError(ExitCode::kData, words, [&] { ReadAll(); });
    testing::ExpectError(ExitCode::kData,
                         {"data.fpk", "remove its folder and let it be packed again"},
                         [&] { ReadAll(); });
  }
  // As a program with a fault would write it: the first block, whose bytes were altered, and then
  // index and header have the right checksums.
  void MendChecksums() {
    PackedHeader header;
    std::memcpy(&header, bytes_.data(), sizeof(header));
    BlockEntry entry;
    std::memcpy(&entry, bytes_.data() + header.index_offset, sizeof(entry));
    entry.checksum = Xxh3(std::string_view(bytes_).substr(entry.offset, entry.bytes));
    std::memcpy(bytes_.data() + header.index_offset, &entry, sizeof(entry));
    MendIndexChecksum();
  }
  void MendIndexChecksum() {
    PackedHeader header;
    std::memcpy(&header, bytes_.data(), sizeof(header));
    header.index_checksum = Xxh3(
        std::string_view(bytes_).substr(header.index_offset, header.blocks * sizeof(BlockEntry)));
    std::memcpy(bytes_.data(), &header, sizeof(header));
    MendHeaderChecksum();
  }
  void MendHeaderChecksum() {
    const std::uint64_t checksum =
        Xxh3(std::string_view(bytes_).substr(0, sizeof(PackedHeader) - 8));
    std::memcpy(bytes_.data() + sizeof(PackedHeader) - 8, &checksum, sizeof(checksum));
  }

  testing::ScratchDir dir_;
  ModelSpec spec_;
  std::filesystem::path file_;
  std::string bytes_;
};

TEST_F(PackedDataTest, GivesBackWhatWasPacked) {
  const PackedShape shape(spec_);
  PackedExamples packed(shape);
  EncodedExample first{.label = 1,
                       .group = 7,
                       .numerics = {0.5F},
                       .keys = {11},
                       .lists = {{1, 2, 3}, {4}},
                       .list_weights = {{}, {2.5F}}};
  EncodedExample second{.label = 0,
                        .group = 8,
                        .numerics = {-1},
                        .keys = {12},
                        .lists = {{}, {5, 6}},
                        .list_weights = {{}, {1, 0.5F}}};
  packed.Add(first);
  packed.Add(second);
  PackedWriter writer(file_, shape);
  for (std::size_t i = 0; i < kBlockExamples; ++i) writer.Append(packed);  // two blocks
  writer.Finish();
  const PackedData data(file_, spec_);
  EXPECT_EQ(data.examples(), 2 * kBlockExamples);
  EXPECT_EQ(data.positives(), kBlockExamples);
  for (std::uint64_t e = 0; e < data.examples(); ++e) {
    const ExampleView view = data.Example(e);
    const EncodedExample& expected = e % 2 == 0 ? first : second;
    ASSERT_EQ(view.label, expected.label);
    ASSERT_EQ(view.group, expected.group);
    ASSERT_EQ(view.keys[0], expected.keys[0]);
    ASSERT_EQ(view.numerics[0], expected.numerics[0]);
    for (int m = 0; m < 2; ++m) {
      const auto list = view.list(m);
      ASSERT_EQ(std::vector<Key>(list.begin(), list.end()),
                expected.lists[static_cast<std::size_t>(m)]);
    }
    ASSERT_EQ(view.weights(1)[0], expected.list_weights[1][0]);
    ASSERT_EQ(view.weights(0)[0], 1.0F) << "a list without weights has weights of 1";
  }
}

TEST_F(PackedDataTest, Truncated) {
  bytes_.resize(bytes_.size() - 1);
  ExpectRefused({"its header says"});
}

TEST_F(PackedDataTest, TooLong) {
  bytes_ += "x";
  ExpectRefused({"its header says"});
}

TEST_F(PackedDataTest, Empty) {
  bytes_.clear();
  ExpectRefused({"the file is empty"});
}

TEST_F(PackedDataTest, ShorterThanItsHeader) {
  bytes_.resize(20);
  ExpectRefused({"are no packed file"});
}

TEST_F(PackedDataTest, WrongMagic) {
  bytes_[0] ^= 1;
  ExpectRefused({"no packed file of Fathom"});
}

TEST_F(PackedDataTest, AnotherVersion) {
  bytes_[8] = 9;
  ExpectRefused({"version 9"});
}

TEST_F(PackedDataTest, AlteredHeader) {
  bytes_[24] ^= 1;
  ExpectRefused({"the header was altered"});
}

TEST_F(PackedDataTest, WrongExampleCount) {
  std::uint64_t examples = kExamples + kBlockExamples;
  std::memcpy(bytes_.data() + 24, &examples, sizeof(examples));
  MendHeaderChecksum();
  ExpectRefused({"blocks for"});
}

TEST_F(PackedDataTest, AlteredIndex) {
  bytes_[bytes_.size() - 3] ^= 1;
  ExpectRefused({"the index was altered"});
}

TEST_F(PackedDataTest, AlteredBlockIsNoticedWhenItIsTouched) {
  bytes_[200] ^= 1;
  dir_.Write("data.fpk", bytes_);
  const PackedData data(file_, spec_);
  EXPECT_NO_THROW(data.Example(kBlockExamples));
  testing::ExpectError(ExitCode::kData, {"block 0 at byte 128", "was altered"},
                       [&] { data.Example(0); });
}

TEST_F(PackedDataTest, AListThatLeavesItsBlock) {
  const PackedShape shape(spec_);
  const std::size_t place = 128 + 5 * shape.record_bytes + shape.lists_offset;
  for (const std::size_t list : {0, 1, 2}) {
    const std::string good = bytes_;
    const std::uint32_t beyond = 1U << 30;
    std::memcpy(bytes_.data() + place + list * sizeof(beyond), &beyond, sizeof(beyond));
    MendChecksums();
    ExpectRefused({"block 0", "example 5 has a list outside the block"});
    bytes_ = good;
  }
}

TEST_F(PackedDataTest, ALabelThatIsNone) {
  const PackedShape shape(spec_);
  bytes_[128 + 7 * shape.record_bytes + shape.label_offset] = 2;
  MendChecksums();
  ExpectRefused({"block 0", "example 7 has no label of 0 or 1"});
}

TEST_F(PackedDataTest, ABlockThatDoesNotFit) {
  PackedHeader header;
  std::memcpy(&header, bytes_.data(), sizeof(header));
  const std::size_t place = header.index_offset + sizeof(BlockEntry);
  const std::string good = bytes_;
  BlockEntry entry;
  std::memcpy(&entry, good.data() + place, sizeof(entry));
  for (const BlockEntry& wrong :
       {BlockEntry{entry.offset + 1, entry.bytes, entry.checksum, entry.examples, entry.lists},
        BlockEntry{1ULL << 40, entry.bytes, entry.checksum, entry.examples, entry.lists},
        BlockEntry{entry.offset, entry.bytes + 8, entry.checksum, entry.examples, entry.lists},
        BlockEntry{entry.offset, entry.bytes, entry.checksum, entry.examples - 1, entry.lists},
        BlockEntry{entry.offset, entry.bytes, entry.checksum, entry.examples, entry.lists + 1}}) {
    bytes_ = good;
    std::memcpy(bytes_.data() + place, &wrong, sizeof(wrong));
    MendIndexChecksum();
    ExpectRefused({"block 1 does not fit"});
  }
}

TEST_F(PackedDataTest, NeverFinished) {
  PackedWriter writer(file_, PackedShape(spec_));
  writer.Append(PackedExamples(PackedShape(spec_)));
  bytes_ = dir_.Read("data.fpk");
  testing::ExpectError(ExitCode::kData, {"data.fpk"}, [&] { ReadAll(); });
}

TEST_F(PackedDataTest, AnotherPart) {
  PackedWriter(file_, PackedShape(spec_), DataPart::kValidation).Finish();
  testing::ExpectError(ExitCode::kData,
                       {"data.fpk", "holds the validation part", "not the train part"},
                       [&] { PackedData data(file_, spec_); });
  EXPECT_EQ(PackedData(file_, spec_, DataPart::kValidation).examples(), 0U);
}

// Nobody writes to the FIFO.
TEST_F(PackedDataTest, AFifo) {
  std::filesystem::remove(file_);
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  testing::ExpectError(ExitCode::kData, {"data.fpk", "no plain file"},
                       [&] { PackedData data(file_, spec_); });
}

TEST_F(PackedDataTest, AnotherSchema) {
  Config config;
  config.columns = {{.name = "b"}};
  const ModelSpec other = MakeModelSpec(config);
  testing::ExpectError(ExitCode::kData, {"packed for other columns"},
                       [&] { PackedData data(file_, other); });
}

// Records of the same length that mean something else.
TEST_F(PackedDataTest, AnotherSchemaOfTheSameLength) {
  const auto refused = [&](const std::function<void(Config&)>& change) {
    Config config;
    config.columns = {{.name = "a"},
                      {.name = "m", .kind = ColumnKind::kMultivalent},
                      {.name = "w", .kind = ColumnKind::kMultivalent, .weighted = true},
                      {.name = "x", .kind = ColumnKind::kNumeric}};
    config.evaluate.group_by = "a";
    EXPECT_NO_THROW(PackedData(file_, MakeModelSpec(config)));
    change(config);
    testing::ExpectError(ExitCode::kData, {"packed for other columns"},
                         [&] { PackedData data(file_, MakeModelSpec(config)); });
  };
  refused([](Config& config) { config.columns[0].name = "b"; });
  refused([](Config& config) { config.columns[3].name = "y"; });
  refused([](Config& config) { std::swap(config.columns[1], config.columns[2]); });
  refused([](Config& config) { config.columns[1].weighted = true; });
  refused([](Config& config) {
    config.columns[1].weighted = true;
    config.columns[2].weighted = false;
  });
}

}  // namespace
}  // namespace fathom
