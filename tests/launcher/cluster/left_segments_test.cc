// What killed ranks leave in /dev/shm.
#include "launcher/cluster/left_segments.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

TEST(LeftSegments, ThoseThatNobodyHasOpenGo) {
  const testing::ScratchDir dir;
  for (const char* name : {"left", "open", "mapped"})
    dir.Write(std::string("vader_segment.node1.0.1.") + name, std::string(4096, 'x'));
  dir.Write("other", "mine");
  const fs::path open_one = dir.path() / "vader_segment.node1.0.1.open";
  const fs::path mapped = dir.path() / "vader_segment.node1.0.1.mapped";
  const int fd = open(open_one.c_str(), O_RDWR);
  const int file = open(mapped.c_str(), O_RDWR);
  void* const memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ASSERT_NE(memory, MAP_FAILED);
  close(file);
  EXPECT_EQ(RemoveLeftSegments(dir.path()), 1);
  EXPECT_FALSE(fs::exists(dir.path() / "vader_segment.node1.0.1.left"));
  EXPECT_TRUE(fs::exists(open_one));
  EXPECT_TRUE(fs::exists(mapped));
  EXPECT_TRUE(fs::exists(dir.path() / "other"));
  close(fd);
  munmap(memory, 4096);
  EXPECT_EQ(RemoveLeftSegments(dir.path()), 2);
  EXPECT_EQ(RemoveLeftSegments(dir.path() / "nowhere"), 0);
}

}  // namespace
}  // namespace fathom
