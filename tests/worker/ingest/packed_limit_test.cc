#include "worker/ingest/packed_limit.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "common/folder_entries.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr PublishedFolder::Seal kSeal = {.file = "seal.json", .word = "whole"};

class PackedLimitTest : public ::testing::Test {
 protected:
  // Whole, and used so many hours ago.
  fs::path Pack(const std::string& name, int hours_ago) {
    const fs::path dir = dir_.path() / name;
    fs::create_directories(dir);
    std::ofstream(dir / kSeal.file) << "whole";
    fs::last_write_time(dir / kSeal.file,
                        fs::file_time_type::clock::now() - std::chrono::hours(hours_ago));
    return dir;
  }
  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const fs::path& entry : EntriesOf(dir_.path())) names.insert(entry.filename().string());
    return names;
  }

  testing::ScratchDir dir_;
};

TEST_F(PackedLimitTest, ThoseNotUsedForLongestGo) {
  Pack("000000000000000a", 4);
  Pack("000000000000000b", 9);
  Pack("000000000000000c", 1);
  const fs::path now = Pack("000000000000000d", 20);
  KeepMostRecentlyUsed(now, kSeal, 4);
  EXPECT_EQ(Names().size(), 4U);
  KeepMostRecentlyUsed(now, kSeal, 2);
  EXPECT_EQ(Names(), (std::set<std::string>{"000000000000000c", "000000000000000d"}));
  KeepMostRecentlyUsed(now, kSeal, 1);
  EXPECT_EQ(Names(), (std::set<std::string>{"000000000000000d"}));
}

TEST_F(PackedLimitTest, OneThatIsUsedAgainIsTheNewest) {
  const fs::path old = Pack("000000000000000a", 9);
  Pack("000000000000000b", 4);
  MarkUsed(old, kSeal);
  KeepMostRecentlyUsed(Pack("000000000000000c", 0), kSeal, 2);
  EXPECT_EQ(Names(), (std::set<std::string>{"000000000000000a", "000000000000000c"}));
}

TEST_F(PackedLimitTest, WhatIsNoPackedFormStays) {
  fs::create_directories(dir_.path() / "00000000000000ff");  // without a seal
  std::ofstream(dir_.path() / "00000000000000ff" / "mine") << "x";
  Pack("my-copy", 99);
  std::ofstream(dir_.path() / "notes.txt") << "x";
  const fs::path now = Pack("000000000000000a", 0);
  KeepMostRecentlyUsed(now, kSeal, 1);
  EXPECT_EQ(Names(), (std::set<std::string>{"00000000000000ff", "my-copy", "notes.txt",
                                            "000000000000000a"}));
}

}  // namespace
}  // namespace fathom
