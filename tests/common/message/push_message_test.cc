#include "common/message/push_message.h"

#include <gtest/gtest.h>

#include "common/net/payload.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

constexpr std::size_t kDenseFloats = 16;
const std::vector<TableSpec> kTables = {{.name = "wide", .wide = true},
                                        {.name = "wide_deep2", .wide = true, .dim = 2}};
const std::vector<std::size_t> kPulled = {3, 2};

// One node as it goes over the wire: gradients of some rows of the first table (by position) and
// of all of the second.
struct Node {
  TreeNode node;
  std::vector<float> dense;
  std::uint64_t count = 2;
  std::vector<std::uint32_t> positions = {0, 2};
  std::uint64_t all_count = 2;
};

void Put(const Node& node, PayloadWriter* writer) {
  const auto put_floats = [&](std::size_t count) {
    for (std::size_t i = 0; auto& value : writer->Array<float>(count))
      value = static_cast<float>(++i);
  };
  writer->Put(node.node.first_slice);
  writer->Put(node.node.level);
  writer->Put<std::uint64_t>(node.dense.size());
  writer->PutArray(std::span<const float>(node.dense));
  writer->Put(node.count);
  writer->Put<std::uint64_t>(0);
  writer->PutArray(std::span<const std::uint32_t>(node.positions));
  put_floats(node.positions.size());
  writer->Put(node.all_count);
  writer->Put<std::uint64_t>(1);
  put_floats(2);
  put_floats(4);
}

Buffer Payload(std::uint32_t slices, const std::vector<Node>& nodes) {
  PayloadWriter writer;
  writer.Put(slices);
  writer.Put(static_cast<std::uint32_t>(nodes.size()));
  for (const Node& node : nodes) Put(node, &writer);
  return writer.Take();
}

PushMessage Take(std::span<const std::byte> payload) {
  return DecodePush(payload, kTables, kPulled, kDenseFloats);
}

void ExpectRefused(std::initializer_list<const char*> words, std::uint32_t slices,
                   const std::vector<Node>& nodes) {
  const Buffer payload = Payload(slices, nodes);
  ExpectError(ExitCode::kPeer, words, [&] { Take(payload.bytes()); });
}

TEST(Push, IsReadWhereItLies) {
  const Buffer payload = Payload(
      6, {{.node = {2, 1}, .dense = std::vector<float>(16, 0.5F)}, {.node = {4, 2}, .dense = {}}});
  const PushMessage read = Take(payload.bytes());
  EXPECT_EQ(read.slices, 6U);
  ASSERT_EQ(read.nodes.size(), 2U);
  EXPECT_EQ(read.nodes[0].node, (TreeNode{2, 1}));
  EXPECT_EQ(read.nodes[1].node, (TreeNode{4, 2}));
  EXPECT_EQ(read.nodes[0].dense.size(), 16U);
  EXPECT_TRUE(read.nodes[1].dense.empty());
  const PushMessage::Table& some = read.nodes[0].tables[0];
  EXPECT_FALSE(some.all);
  EXPECT_EQ(some.count, 2U);
  EXPECT_EQ(some.positions[1], 2U);
  EXPECT_EQ(some.wide[1], 2);
  EXPECT_TRUE(some.deep.empty());
  const PushMessage::Table& all = read.nodes[0].tables[1];
  EXPECT_TRUE(all.all);
  EXPECT_EQ(all.count, 2U);
  EXPECT_TRUE(all.positions.empty());
  EXPECT_EQ(all.wide.size(), 2U);
  EXPECT_EQ(all.deep[3], 4);
}

TEST(Push, OfBfloat16BecomesFloats) {
  PayloadWriter writer;
  writer.Put<std::uint32_t>(1);
  writer.Put<std::uint32_t>(1);
  writer.Put<std::uint32_t>(0);
  writer.Put<std::uint32_t>(0);
  writer.Put<std::uint64_t>(0);
  writer.Array<float>(0);
  const auto halves = [&](const std::vector<std::uint16_t>& values) {
    writer.PutArray(std::span<const std::uint16_t>(values));
  };
  writer.Put<std::uint64_t>(1);
  writer.Put<std::uint64_t>(0);
  writer.PutArray(std::span<const std::uint32_t>(std::vector<std::uint32_t>{2}));
  halves({0xC0C0});
  writer.Put<std::uint64_t>(2);
  writer.Put<std::uint64_t>(1);
  halves({0x3F80, 0x4000});
  halves({0x4040, 0x4080, 0x40A0, 0x40C0});
  const Buffer payload = writer.Take();
  const PushMessage read =
      DecodePush(payload.bytes(), kTables, kPulled, kDenseFloats, RowFormat::kBfloat16);
  const auto& tables = read.nodes.at(0).tables;
  EXPECT_EQ(tables[0].positions[0], 2U);
  EXPECT_EQ(tables[0].wide[0], -6);
  EXPECT_EQ(tables[1].wide[1], 2);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(tables[1].deep[i], static_cast<float>(3 + i));
}

TEST(Push, NothingToAdd) {
  const Buffer payload = Payload(6, {});
  EXPECT_TRUE(Take(payload.bytes()).nodes.empty());
}

TEST(Push, EqualPositions) {
  ExpectRefused({"wide", "ascend"}, 1, {{.node = {0, 0}, .positions = {1, 1}}});
}

TEST(Push, DescendingPositions) {
  ExpectRefused({"wide", "ascend"}, 1, {{.node = {0, 0}, .positions = {2, 1}}});
}

TEST(Push, APositionBeyondThePull) {
  ExpectRefused({"below 3", "3 stands at 1"}, 1, {{.node = {0, 0}, .positions = {0, 3}}});
}

TEST(Push, MoreRowsThanPulled) {
  ExpectRefused({"4 rows", "had 3"}, 1, {{.node = {0, 0}, .count = 4, .positions = {0, 1, 2, 3}}});
  ExpectRefused({"wide", "had 3"}, 1, {{.node = {0, 0}, .count = ~std::uint64_t{0}}});
}

TEST(Push, AllRowsOfAnotherNumber) {
  ExpectRefused({"wide_deep2", "1 rows", "had 2"}, 1, {{.node = {0, 0}, .all_count = 1}});
}

TEST(Push, AnotherNumberOfDenseGradients) {
  ExpectRefused({"15 dense", "16"}, 1, {{.node = {0, 0}, .dense = std::vector<float>(15)}});
}

TEST(Push, OverlappingNodes) {
  ExpectRefused({"level 0 at slice 1"}, 4, {{.node = {0, 1}}, {.node = {1, 0}}});
  ExpectRefused({"level 0 at slice 0"}, 4, {{.node = {0, 0}}, {.node = {0, 0}}});
}

TEST(Push, DescendingNodes) {
  ExpectRefused({"slice 0", "after slice 3"}, 4, {{.node = {2, 0}}, {.node = {0, 0}}});
}

TEST(Push, ANodeThatIsNotAligned) { ExpectRefused({"level 1 at slice 1"}, 4, {{.node = {1, 1}}}); }

TEST(Push, ANodeBeyondTheBatch) {
  ExpectRefused({"level 0 at slice 4", "4 slices"}, 4, {{.node = {4, 0}}});
}

TEST(Push, ALevelBeyondTheTree) {
  ExpectRefused({"level 32"}, 4, {{.node = {0, 32}}});
  ExpectRefused({"level 4294967295"}, 4, {{.node = {0, UINT32_MAX}}});
}

TEST(Push, NodesAfterOneThatEndsAtTheLastOfAllSlices) {
  ExpectRefused({"after slice 4294967296"}, UINT32_MAX,
                {{.node = {1U << 31, 31}}, {.node = {0, 0}}});
}

TEST(Push, ClaimsMoreNodesThanItHolds) {
  Buffer payload = Payload(4, {{.node = {0, 0}}});
  const std::uint32_t claim = UINT32_MAX;
  std::memcpy(payload.data() + 8, &claim, sizeof(claim));
  ExpectError(ExitCode::kPeer, {"payload", "ends"}, [&] { Take(payload.bytes()); });
}

TEST(Push, CutShort) {
  const Buffer whole = Payload(4, {{.node = {0, 0}, .dense = std::vector<float>(16)}});
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    Buffer part(bytes);
    if (bytes > 0) std::memcpy(part.data(), whole.data(), bytes);
    ExpectError(ExitCode::kPeer, {"payload"}, [&] { Take(part.bytes()); });
  }
}

TEST(Push, TrailingBytes) {
  Buffer payload = Payload(4, {{.node = {0, 0}}});
  payload.Resize(payload.size() + 2);
  ExpectError(ExitCode::kPeer, {"2 bytes too many"}, [&] { Take(payload.bytes()); });
}

}  // namespace
}  // namespace fathom
