#include "common/message/pull_message.h"

#include <gtest/gtest.h>

#include "tests/common/message/payload_checks.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ExpectNoPartIsTaken;
using testing::ExpectTrailingByteIsRefused;
using testing::ToVector;

Key InPartition(int partition, std::uint64_t low) {
  return (static_cast<Key>(partition) << (64 - Partitions().bits())) | low;
}

Buffer PullOf(const std::vector<Key>& first, const std::vector<Key>& second) {
  return EncodePull({.will_push = true, .wants_dense = false, .keys = {first, second}});
}

PullMessage TakePull(std::span<const std::byte> payload) {
  return DecodePull(payload, 2, Partitions(), 1, 2);
}

TEST(Pull, RoundTrip) {
  for (const bool will_push : {false, true}) {
    for (const bool wants_dense : {false, true}) {
      const std::vector<Key> keys = {InPartition(32, 0), InPartition(32, 1), ~Key{0}};
      const Buffer payload =
          EncodePull({.will_push = will_push, .wants_dense = wants_dense, .keys = {keys, {}}});
      const PullMessage read = TakePull(payload.bytes());
      EXPECT_EQ(read.will_push, will_push);
      EXPECT_EQ(read.wants_dense, wants_dense);
      ASSERT_EQ(read.keys.size(), 2U);
      EXPECT_EQ(ToVector(read.keys[0]), keys);
      EXPECT_TRUE(read.keys[1].empty());
    }
  }
}

TEST(Pull, EqualKeys) {
  const Key key = InPartition(40, 5);
  const Buffer payload = PullOf({}, {key, key});
  ExpectError(ExitCode::kPeer, {"ascend", "a000000000000005"}, [&] { TakePull(payload.bytes()); });
}

TEST(Pull, DescendingKeys) {
  const Buffer payload = PullOf({InPartition(40, 6), InPartition(40, 5)}, {});
  ExpectError(ExitCode::kPeer, {"ascend"}, [&] { TakePull(payload.bytes()); });
}

TEST(Pull, KeysOfAnotherServersPartitions) {
  const Buffer below = PullOf({InPartition(31, 0), InPartition(40, 0)}, {});
  ExpectError(ExitCode::kPeer, {"server 1", "32 to 63"}, [&] { TakePull(below.bytes()); });
  const Buffer above = PullOf({InPartition(31, 0), InPartition(32, 0)}, {});
  ExpectError(ExitCode::kPeer, {"server 0", "0 to 31"},
              [&] { DecodePull(above.bytes(), 2, Partitions(), 0, 2); });
}

TEST(Pull, AnotherNumberOfTables) {
  const Buffer payload = PullOf({}, {});
  ExpectError(ExitCode::kPeer, {"2 tables", "has 3"},
              [&] { DecodePull(payload.bytes(), 3, Partitions(), 1, 2); });
}

TEST(Pull, UnknownFlags) {
  Buffer payload = PullOf({}, {});
  payload.data()[0] |= std::byte{8};
  ExpectError(ExitCode::kPeer, {"flags"}, [&] { TakePull(payload.bytes()); });
}

TEST(Pull, CutShortOrTooLong) {
  const auto make = [] { return PullOf({InPartition(33, 1)}, {InPartition(34, 1)}); };
  ExpectNoPartIsTaken(make(), TakePull);
  ExpectTrailingByteIsRefused(make(), TakePull);
}

TEST(Pull, ClaimsMoreKeysThanItHolds) {
  Buffer payload = PullOf({InPartition(33, 1)}, {});
  const std::uint64_t claim = 1ULL << 61;
  std::memcpy(payload.data() + 16, &claim, sizeof(claim));
  ExpectError(ExitCode::kPeer, {"claims 2305843009213693952 items"},
              [&] { TakePull(payload.bytes()); });
}

}  // namespace
}  // namespace fathom
