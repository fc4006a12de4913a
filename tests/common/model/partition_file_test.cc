#include "common/model/partition_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <map>
#include <tuple>

#include "common/model/row_state.h"
#include "tests/common/model/small_model.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::KeyIn;
using testing::kRemedy;
using testing::ModelRows;
using testing::Patch;
using testing::Reseal;
using testing::ScratchDir;
using testing::SmallModel;

// Where things stand in rows-00.bin of the small model: a header of 24 bytes; the wide table's
// count and two rows of 16 bytes; the other table's count and a row of 32 bytes.
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kPartitionAt = 12;
constexpr std::size_t kTablesAt = 16;
constexpr std::size_t kCountAt = 24;
constexpr std::size_t kFirstKeyAt = 32;
constexpr std::size_t kSecondKeyAt = 48;
constexpr std::size_t kFileBytes = 104;

class PartitionFileTest : public ::testing::Test {
 protected:
  void Read(int partition = 0) {
    ReadPartition(dir_.path(), manifest_, partition,
                  [&](std::size_t, Key, std::span<const float>) { ++visited_; });
  }

  // As a program with a fault would write it: the manifest agrees with the damage.
  template <typename T>
  void PatchSealed(std::size_t at, T value) {
    Patch(dir_, "rows-00.bin", at, value);
    Reseal(dir_, "rows-00.bin", &manifest_);
  }
  void ExpectDamaged(std::initializer_list<const char*> words, int partition = 0) {
    ExpectError(ExitCode::kModel, words, [&] { Read(partition); });
    ExpectError(ExitCode::kModel, {(dir_.path() / "rows-").c_str(), kRemedy},
                [&] { Read(partition); });
    EXPECT_EQ(visited_, 0) << "a damaged file's rows were passed on";
  }

  ScratchDir dir_;
  SmallModel model_;
  Manifest manifest_ = model_.Write(dir_.path());
  int visited_ = 0;
};

// A partition may take longer than a deadline: each pass over it shows that it goes on.
TEST_F(PartitionFileTest, SaysMeanwhileThatItIsAtWork) {
  constexpr std::size_t kRows = 3 * kRowsBetweenSigns;
  const ScratchDir dir;
  const std::vector<TableSpec> tables = {model_.tables[0]};
  PartitionWriter writer(FolderOutput(dir.path()), PartitionFile(0), Partitions(), 0, tables);
  writer.BeginTable(0, kRows);
  for (std::size_t i = 0; i < kRows; ++i) writer.AddRow(KeyIn(0, i), std::vector<float>{1, 2});
  const Manifest manifest{.tables = tables, .files = {writer.Finish()}};
  std::size_t before_rows = 0, signs = 0;
  ReadPartition(
      dir.path(), manifest, 0,
      [&](std::size_t, Key key, std::span<const float>) {
        if (key == KeyIn(0, 0)) before_rows = signs;
      },
      [&] { ++signs; });
  EXPECT_GE(before_rows, 3 + 3 + 3U) << "read and summed up, checked, counted";
  EXPECT_GE(signs - before_rows, 3U) << "passed on";
}

// Of every kind of number that a row holds; the last step is none.
TEST_F(PartitionFileTest, ARowThatIsNotFiniteIsNotWritten) {
  const float kNone = std::numeric_limits<float>::quiet_NaN();
  TableSpec table{.name = "deep3", .wide = true, .dim = 3, .row_wise = true, .last_step = true};
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16}) {
    table.precision = precision;
    const std::vector<TableSpec> tables = {table};
    const auto write = [&](std::size_t place, float value) {
      std::vector<float> row(static_cast<std::size_t>(table.state_floats()), 1);
      row[place] = value;
      PartitionWriter writer(FolderOutput(dir_.path()), "rows-00.bin", Partitions(), 0, tables);
      writer.BeginTable(0, 1);
      writer.AddRow(KeyIn(0, 10), row);
      writer.Finish();
    };
    for (std::size_t place = 0; place < LastStepAt(table); ++place) {
      ExpectError(ExitCode::kNumeric, {"table deep3, key 000000000000000a", "infinite"},
                  [&] { write(place, kNone); });
    }
    write(LastStepAt(table), kNone);
  }
  const std::uint32_t low_half_infinite = 0x3F80FF80;
  const std::vector<float> row = {1, 1, std::bit_cast<float>(low_half_infinite), 1, 1, 1};
  EXPECT_FALSE(AllFinite(table, row));
}

TEST_F(PartitionFileTest, RowsComeBackInOrder) {
  ModelRows read(2);
  std::vector<std::tuple<int, std::size_t, Key>> order;
  for (int p = 0; p < Partitions::kFewest; ++p) {
    ReadPartition(dir_.path(), manifest_, p,
                  [&](std::size_t table, Key key, std::span<const float> state) {
                    read[table][key] = {state.begin(), state.end()};
                    order.emplace_back(p, table, key);
                  });
  }
  EXPECT_EQ(read, model_.rows);
  EXPECT_EQ(order.size(), 5U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(PartitionFileTest, LiesAsTheFormatSays) {
  const std::string bytes = dir_.Read("rows-00.bin");
  ASSERT_EQ(bytes.size(), kFileBytes);
  EXPECT_EQ(bytes.substr(0, 8), "FATHROWS");
  const auto at = [&](std::size_t place) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + place, sizeof(value));
    return value;
  };
  EXPECT_EQ(at(kTablesAt), 2U);
  EXPECT_EQ(at(kCountAt), 2U);
  EXPECT_EQ(at(kFirstKeyAt), KeyIn(0, 1));
  EXPECT_EQ(at(kSecondKeyAt), KeyIn(0, 7));
  EXPECT_EQ(at(kSecondKeyAt + 16), 1U);
}

TEST_F(PartitionFileTest, APartitionWithoutRowsLiesAsTheFormatSays) {
  const std::string by_hand = dir_.Read("rows-01.bin");
  const ModelFileEntry expected = model_.WriteEmptyPartition(dir_.path(), 1);
  const ModelFileEntry written = model_.WritePartition(dir_.path(), 1);
  EXPECT_EQ(dir_.Read("rows-01.bin"), by_hand);
  EXPECT_EQ(written.name, expected.name);
  EXPECT_EQ(written.bytes, expected.bytes);
  EXPECT_EQ(written.checksum, expected.checksum);
  EXPECT_EQ(written.rows, expected.rows);
}

TEST_F(PartitionFileTest, ManifestCountsRows) {
  EXPECT_EQ(manifest_.Rows(0), 3U);
  EXPECT_EQ(manifest_.Rows(1), 2U);
}

TEST_F(PartitionFileTest, AnUnfinishedPartitionIsRemoved) {
  ScratchDir other;
  {
    PartitionWriter writer(FolderOutput(other.path()), "rows-00.bin", Partitions(), 0,
                           model_.tables);
    writer.BeginTable(0, 1);
    EXPECT_TRUE(std::filesystem::exists(other.path() / "rows-00.bin"));
  }
  EXPECT_FALSE(std::filesystem::exists(other.path() / "rows-00.bin"));
}

TEST_F(PartitionFileTest, AFolderThatIsNotThere) {
  ExpectError(ExitCode::kModel, {"nowhere", "cannot be created"}, [&] {
    PartitionWriter(FolderOutput(dir_.path() / "nowhere"), "rows-00.bin", Partitions(), 0,
                    model_.tables);
  });
}

TEST_F(PartitionFileTest, MissingFile) {
  std::filesystem::remove(dir_.path() / "rows-00.bin");
  ExpectDamaged({"cannot be opened", "No such file"});
}

TEST_F(PartitionFileTest, AFileThatTheManifestDoesNotName) {
  std::erase_if(manifest_.files,
                [](const ModelFileEntry& file) { return file.name == "rows-00.bin"; });
  ExpectError(ExitCode::kModel, {"manifest.json", "rows-00.bin", kRemedy}, [&] { Read(); });
}

TEST_F(PartitionFileTest, ShortFile) {
  std::filesystem::resize_file(dir_.path() / "rows-00.bin", kFileBytes - 1);
  ExpectDamaged({"103 bytes", "104"});
}

TEST_F(PartitionFileTest, LongFile) {
  std::filesystem::resize_file(dir_.path() / "rows-00.bin", kFileBytes + 1);
  ExpectDamaged({"105 bytes", "104"});
}

TEST_F(PartitionFileTest, EveryAlteredByteBreaksTheChecksum) {
  const std::string bytes = dir_.Read("rows-00.bin");
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Patch(dir_, "rows-00.bin", i, static_cast<char>(bytes[i] ^ 4));
    ExpectError(ExitCode::kModel, {"rows-00.bin", "checksum", kRemedy}, [&] { Read(); });
    Patch(dir_, "rows-00.bin", i, bytes[i]);
  }
  Read();
}

// Of a file of several blocks the message names the one that was altered.
TEST_F(PartitionFileTest, AnAlteredBlockIsNamed) {
  constexpr int kRows = 2 * kBlockBytes / 16;
  for (int i = 0; i < kRows; ++i) model_.rows[0][KeyIn(0, 100 + static_cast<Key>(i))] = {1, 2};
  manifest_ = model_.Write(dir_.path());
  const auto file = dir_.path() / "rows-00.bin";
  const std::string bytes = dir_.Read("rows-00.bin");
  const std::size_t blocks = (bytes.size() + kBlockBytes - 1) / kBlockBytes;
  ASSERT_EQ(blocks, 3U);
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t at = std::min((block + 1) * kBlockBytes, bytes.size()) - 1;
    Patch(dir_, "rows-00.bin", at, static_cast<char>(bytes[at] ^ 1));
    const std::string name = "block " + std::to_string(block) + ", ";
    const std::string place = "from byte " + std::to_string(block * kBlockBytes);
    ExpectDamaged({name.c_str(), place.c_str(), "checksum"});
    Patch(dir_, "rows-00.bin", at, bytes[at]);
  }
}

// Of two files of a partition the later one says what a row is; rows of either are there.
TEST_F(PartitionFileTest, ChangesComeBeforeWhatTheyChange) {
  SmallModel changes;
  changes.rows = {{{KeyIn(0, 5), {7, 8}}, {KeyIn(0, 7), {9, 10}}}, {}};
  PartitionWriter writer(FolderOutput(dir_.path()), PartitionFile(0, 12), Partitions(), 0,
                         model_.tables);
  writer.BeginTable(0, 2);
  for (const auto& [key, state] : changes.rows[0]) writer.AddRow(key, state);
  writer.BeginTable(1, 0);
  ModelFileEntry entry = writer.Finish();
  entry.added = {1, 0};
  const auto whole = std::find_if(manifest_.files.begin(), manifest_.files.end(),
                                  [](const auto& file) { return file.name == "rows-00.bin"; });
  manifest_.files.insert(whole + 1, entry);
  std::map<Key, std::vector<float>> read;
  const auto take = [&](std::size_t table, Key key, std::span<const float> state) {
    if (table == 0) read[key] = {state.begin(), state.end()};
  };
  ReadPartition(dir_.path(), manifest_, 0, take);
  EXPECT_EQ(read, (std::map<Key, std::vector<float>>{
                      {KeyIn(0, 1), {1, 2}}, {KeyIn(0, 5), {7, 8}}, {KeyIn(0, 7), {9, 10}}}));
  for (ModelFileEntry& file : manifest_.files)
    if (file.name == entry.name) file.added = {2, 0};
  ExpectDamaged({"table wide", "have 3 rows", "the manifest says 4"});
}

TEST_F(PartitionFileTest, WrongMagic) {
  PatchSealed(0, 'G');
  ExpectDamaged({"magic"});
}

TEST_F(PartitionFileTest, WrongVersion) {
  PatchSealed(kVersionAt, std::uint32_t{2});
  ExpectDamaged({"version 2", "reads 1"});
}

TEST_F(PartitionFileTest, FileOfAnotherPartition) {
  PatchSealed(kPartitionAt, std::uint32_t{5});
  ExpectDamaged({"holds partition 5"});
}

TEST_F(PartitionFileTest, AnotherNumberOfTables) {
  PatchSealed(kTablesAt, std::uint64_t{3});
  ExpectDamaged({"3 tables", "2"});
}

TEST_F(PartitionFileTest, BadCount) {
  for (const std::uint64_t count :
       {std::uint64_t{1000}, std::uint64_t{1} << 60, ~std::uint64_t{0}}) {
    PatchSealed(kCountAt, count);
    ExpectDamaged({"table wide", "more than the file holds"});
  }
}

TEST_F(PartitionFileTest, CountsThatAreNotTheManifests) {
  for (ModelFileEntry& file : manifest_.files) {
    if (file.name == "rows-00.bin") file.rows = {1, 1};
  }
  ExpectDamaged({"numbers of rows", "manifest"});
}

TEST_F(PartitionFileTest, KeysOutOfOrder) {
  PatchSealed(kSecondKeyAt, KeyIn(0, 0));
  ExpectDamaged({"table wide", "row 1", "out of order"});
}

TEST_F(PartitionFileTest, EqualKeys) {
  PatchSealed(kSecondKeyAt, KeyIn(0, 1));
  ExpectDamaged({"row 1", "0000000000000001", "out of order"});
}

TEST_F(PartitionFileTest, KeyOfAnotherPartition) {
  PatchSealed(kSecondKeyAt, KeyIn(9, 0));
  ExpectDamaged({"row 1", "partition 9"});
}

TEST_F(PartitionFileTest, TrailingBytes) {
  std::filesystem::resize_file(dir_.path() / "rows-00.bin", kFileBytes + 5);
  Reseal(dir_, "rows-00.bin", &manifest_);
  ExpectDamaged({"5 bytes too many"});
}

TEST_F(PartitionFileTest, EndsAnywhereBeforeItsEnd) {
  const std::string whole = dir_.Read("rows-00.bin");
  for (std::size_t bytes = 0; bytes < kFileBytes; ++bytes) {
    dir_.Write("rows-00.bin", whole.substr(0, bytes));
    Reseal(dir_, "rows-00.bin", &manifest_);
    ExpectError(ExitCode::kModel, {"rows-00.bin", kRemedy}, [&] { Read(); });
  }
  EXPECT_EQ(visited_, 0);
}

TEST(PartitionOfFile, IsTheNumberInItsName) {
  EXPECT_EQ(PartitionOfFile("rows-00.bin"), 0);
  EXPECT_EQ(PartitionOfFile("rows-07.123.bin"), 7);
  EXPECT_EQ(PartitionOfFile("rows-4095.bin"), 4095);
  EXPECT_EQ(PartitionOfFile("admission-63.bin"), 63);
  for (const char* name : {"dense.bin", "config.toml", "rows-7.bin", "rows-.bin", "rows-07",
                           "a-07.bin", "rows-007.bin", "-", ".-"})
    EXPECT_EQ(PartitionOfFile(name), std::nullopt) << name;
}

}  // namespace
}  // namespace fathom
