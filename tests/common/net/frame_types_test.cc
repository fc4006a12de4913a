// The table of frames (common/net/frame_types.def), and that docs/wire-format.md shows the same
// one.
#include "tests/support/frame_types.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "common/net/frame.h"

namespace fathom {
namespace {

using testing::FrameTypeLine;
using testing::FrameTypes;

const std::filesystem::path kProject = FATHOM_SOURCE_DIR;

TEST(FrameTypes, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const FrameTypeLine& info : FrameTypes()) EXPECT_TRUE(names.insert(info.name).second);
  EXPECT_EQ(names.size(), 23U);
}

TEST(FrameTypes, PayloadsAreFilesOfCommonMessage) {
  for (const FrameTypeLine& info : FrameTypes()) {
    if (info.payload == "none") continue;
    EXPECT_TRUE(std::filesystem::exists(kProject / "common/message" / info.payload))
        << info.payload;
  }
}

TEST(FrameTypes, AreDescribedByNameAndRoute) {
  EXPECT_EQ(Described(FrameType::kPull), "a \"pull\" frame (worker -> server)");
  EXPECT_EQ(Described(FrameType::kBeat), "a \"beat\" frame (rank -> rank)");
  EXPECT_EQ(Described(FrameType::kPeerLost), "a note of a lost peer");
}

TEST(FrameTypes, StandInTheWireFormatsTable) {
  std::ifstream in(kProject / "docs/wire-format.md");
  std::stringstream text;
  text << in.rdbuf();
  for (const FrameTypeLine& info : FrameTypes()) {
    const std::string line =
        "| " + std::to_string(static_cast<int>(info.type)) + " | " + std::string(info.name) +
        " | " + std::string(info.route) + " | " +
        (info.payload == "none" ? "none" : "`" + std::string(info.payload) + "`") + " |";
    EXPECT_NE(text.str().find(line), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace fathom
