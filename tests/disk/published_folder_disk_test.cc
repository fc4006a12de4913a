// A folder that is replaced again and again, on disks that refuse what a local one does: after a
// crash at any instant a reader finds the newest or the one before, whole, and the next writer goes
// on from there.
#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <set>

#include "common/error.h"
#include "common/file/durable_file.h"
#include "common/file/published_folder.h"
#include "common/file/replaced_file.h"
#include "tests/disk/recorded_disk.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::RecordedDisk;
using testing::ScratchDir;
namespace fs = std::filesystem;

constexpr PublishedFolder::Seal kSeal = {.file = "seal", .word = "sealed"};
constexpr int kFiles = 3;

PublishedFolder FolderIn(const fs::path& dir) { return {dir / "folder", kSeal}; }

void Write(const PublishedFolder& folder, int version) {
  folder.Start();
  for (int f = 0; f < kFiles; ++f) {
    const std::string text = fmt::format("file {} of version {}", f, version);
    DurableFile file(folder.partial() / fmt::format("file-{}", f));
    file.Write(std::as_bytes(std::span(text)));
    file.Finish();
  }
  ReplaceDurably(folder.partial() / kSeal.file, fmt::format("sealed {}", version));
  folder.Publish();
}

std::string Text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// 0: there is none. -1: it is not whole.
int VersionIn(const fs::path& folder) {
  const std::string seal = Text(folder / kSeal.file);
  if (seal.empty()) return 0;
  const int version = std::stoi(seal.substr(seal.find(' ')));
  for (int f = 0; f < kFiles; ++f) {
    if (Text(folder / fmt::format("file-{}", f)) !=
        fmt::format("file {} of version {}", f, version))
      return -1;
  }
  return version;
}

const std::vector<RecordedDisk::Refusals> kDisks = {
    {},
    {.flags = true},
    {.folders = true},
    {.links = true, .flags = true, .folders = true},
};

TEST(PublishedFolderDisk, ACrashAtAnyOperationLeavesTheNewestOrTheOneBefore) {
  for (const RecordedDisk::Refusals& refusals : kDisks) {
    const ScratchDir scratch;
    std::vector<std::size_t> published;
    RecordedDisk disk(scratch.path());
    disk.Refuse(refusals);
    for (int version = 1; version <= 3; ++version) {
      Write(FolderIn(scratch.path()), version);
      published.push_back(disk.changes());
    }
    EXPECT_FALSE(fs::exists(FolderIn(scratch.path()).partial()));
    using Keep = RecordedDisk::Keep;
    for (const Keep keep : {Keep::kSynced, Keep::kAll, Keep::kNames}) {
      std::set<int> seen;
      for (std::size_t changes = published.front(); changes <= disk.changes(); ++changes) {
        const ScratchDir crashed;
        disk.Restore(changes, keep, crashed.path() / "disk");
        const PublishedFolder folder = FolderIn(crashed.path() / "disk");
        const int version = VersionIn(folder.Find());
        const auto done = std::count_if(published.begin(), published.end(),
                                        [&](std::size_t at) { return at <= changes; });
        ASSERT_TRUE(version == done || version == done + 1)
            << "version " << version << " after change " << changes << " of " << disk.changes();
        seen.insert(version);
        // What the crash left does not keep the next one from its name.
        Write(folder, 9);
        ASSERT_EQ(VersionIn(folder.path()), 9) << "after change " << changes;
        ASSERT_FALSE(fs::exists(folder.partial())) << "after change " << changes;
      }
      EXPECT_EQ(seen, (std::set<int>{1, 2, 3}));
    }
  }
}

// One that fails leaves the one before, or the new one, and says where a whole one stays.
TEST(PublishedFolderDisk, EveryOperationOfItFailsOnce) {
  for (const RecordedDisk::Refusals& refusals : kDisks) {
    for (std::size_t fail_at = 0;; ++fail_at) {
      const ScratchDir scratch;
      RecordedDisk disk(scratch.path());
      disk.Refuse(refusals);
      const PublishedFolder folder = FolderIn(scratch.path());
      Write(folder, 1);
      const std::size_t begin = disk.operations();
      disk.FailAt(begin + fail_at, EIO);
      try {
        Write(folder, 2);
        EXPECT_EQ(VersionIn(folder.Find()), 2) << fail_at;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::kModel);
        EXPECT_GE(VersionIn(folder.Find()), 1) << fail_at << ": " << error.what();
      }
      const bool failed = disk.operations() > begin + fail_at;
      if (!failed) break;
      Write(folder, 3);
      EXPECT_EQ(VersionIn(folder.path()), 3) << fail_at;
    }
  }
}

// Also where its writer died before it had its name: then that is the whole one.
TEST(PublishedFolderDisk, AWholeOneMovesElsewhereAndIsGoneWhereItWas) {
  for (const RecordedDisk::Refusals& refusals : kDisks) {
    for (const bool named : {true, false}) {
      const ScratchDir scratch;
      RecordedDisk disk(scratch.path());
      const PublishedFolder folder = FolderIn(scratch.path());
      Write(folder, 1);
      if (!named) fs::rename(folder.path(), folder.partial());
      disk.Refuse(refusals);
      folder.MoveTo(scratch.path() / "elsewhere");
      EXPECT_EQ(VersionIn(scratch.path() / "elsewhere"), 1);
      EXPECT_FALSE(fs::exists(folder.path()));
      EXPECT_FALSE(fs::exists(folder.partial()));
    }
  }
}

}  // namespace
}  // namespace fathom
