#include "common/message/messages.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

const std::vector<TableSpec> kTables = {{.name = "wide", .wide = true},
                                        {.name = "wide_deep2", .wide = true, .dim = 2}};

Key InPartition(int partition, std::uint64_t low) {
  return (static_cast<Key>(partition) << (64 - kPartitionBits)) | low;
}

template <typename T>
std::vector<T> ToVector(std::span<const T> values) {
  return {values.begin(), values.end()};
}

// Every cut of a valid payload must be refused.
template <typename Decode>
void ExpectNoPartIsTaken(const Buffer& payload, Decode decode) {
  for (std::size_t bytes = 0; bytes < payload.size(); ++bytes) {
    Buffer part(bytes);
    if (bytes > 0) std::memcpy(part.data(), payload.data(), bytes);
    ExpectError(ExitCode::kPeer, {"payload"}, [&] { decode(part.bytes()); });
  }
}

template <typename Decode>
void ExpectTrailingByteIsRefused(Buffer payload, Decode decode) {
  payload.Resize(payload.size() + 1);
  ExpectError(ExitCode::kPeer, {"1 bytes too many"}, [&] { decode(payload.bytes()); });
}

Buffer PullOf(const std::vector<Key>& first, const std::vector<Key>& second) {
  return EncodePull({.will_push = true, .wants_dense = false, .keys = {first, second}});
}

PullMessage TakePull(std::span<const std::byte> payload) { return DecodePull(payload, 2, 1, 2); }

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
              [&] { DecodePull(above.bytes(), 2, 0, 2); });
}

TEST(Pull, AnotherNumberOfTables) {
  const Buffer payload = PullOf({}, {});
  ExpectError(ExitCode::kPeer, {"2 tables", "has 3"},
              [&] { DecodePull(payload.bytes(), 3, 1, 2); });
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

Buffer RowsPayload(std::uint64_t second_count) {
  PayloadWriter writer;
  writer.Put<std::uint64_t>(1);
  writer.Put<std::uint64_t>(2);
  writer.PutArray(std::span<const float>(std::vector<float>{0.5F, 0.25F}));
  writer.Put<std::uint64_t>(1);
  writer.PutArray(std::span<const float>(std::vector<float>{7}));
  writer.Put<std::uint64_t>(second_count);
  writer.PutArray(std::span<const float>(std::vector<float>{1, 2}));
  writer.PutArray(std::span<const float>(std::vector<float>{3, 4, 5, 6}));
  return writer.Take();
}

RowsMessage TakeRows(std::span<const std::byte> payload) { return DecodeRows(payload, kTables); }

TEST(Rows, AreReadWhereTheyLie) {
  const Buffer payload = RowsPayload(2);
  EXPECT_TRUE(AnswersTraining(payload.bytes()));
  const RowsMessage read = TakeRows(payload.bytes());
  EXPECT_TRUE(read.will_push);
  EXPECT_EQ(ToVector(read.dense), (std::vector<float>{0.5F, 0.25F}));
  ASSERT_EQ(read.tables.size(), 2U);
  EXPECT_EQ(ToVector(read.tables[0].wide), std::vector<float>{7});
  EXPECT_TRUE(read.tables[0].deep.empty());
  EXPECT_EQ(ToVector(read.tables[1].wide), (std::vector<float>{1, 2}));
  EXPECT_EQ(ToVector(read.tables[1].deep), (std::vector<float>{3, 4, 5, 6}));
}

TEST(Rows, AsBfloat16BecomeFloats) {
  PayloadWriter writer;
  writer.Put<std::uint64_t>(0);
  writer.Put<std::uint64_t>(1);
  writer.PutArray(std::span<const float>(std::vector<float>{0.3F}));
  writer.Put<std::uint64_t>(1);
  writer.PutArray(std::span<const std::uint16_t>(std::vector<std::uint16_t>{0x3F80}));
  writer.Put<std::uint64_t>(2);
  writer.PutArray(std::span<const std::uint16_t>(std::vector<std::uint16_t>{0xBF80, 0x4000}));
  writer.PutArray(
      std::span<const std::uint16_t>(std::vector<std::uint16_t>{0x4040, 0x4080, 0x40A0, 0xC0C0}));
  const Buffer payload = writer.Take();
  EXPECT_FALSE(AnswersTraining(payload.bytes()));
  const RowsMessage read = DecodeRows(payload.bytes(), kTables, RowFormat::kBfloat16);
  EXPECT_FALSE(read.will_push);
  EXPECT_EQ(ToVector(read.dense), std::vector<float>{0.3F}) << "dense parameters are not rounded";
  EXPECT_EQ(ToVector(read.tables[0].wide), std::vector<float>{1});
  EXPECT_EQ(ToVector(read.tables[1].wide), (std::vector<float>{-1, 2}));
  EXPECT_EQ(ToVector(read.tables[1].deep), (std::vector<float>{3, 4, 5, -6}));
}

TEST(Rows, CutShortOrTooLong) {
  ExpectNoPartIsTaken(RowsPayload(2), TakeRows);
  ExpectTrailingByteIsRefused(RowsPayload(2), TakeRows);
}

TEST(Rows, ClaimMoreThanTheyHold) {
  for (const std::uint64_t claim : {std::uint64_t{100}, ~std::uint64_t{0}}) {
    const Buffer payload = RowsPayload(claim);
    ExpectError(ExitCode::kPeer, {"claims"}, [&] { TakeRows(payload.bytes()); });
  }
}

// Times the dimension this claim is 0 modulo 2^64.
TEST(Rows, ClaimWhoseProductWouldOverflow) {
  PayloadWriter writer;
  writer.Put<std::uint64_t>(0);
  writer.Put<std::uint64_t>(0);
  writer.Array<float>(0);
  writer.Put<std::uint64_t>(1ULL << 63);
  const Buffer payload = writer.Take();
  ExpectError(ExitCode::kPeer, {"deep2", "claims"},
              [&] { DecodeRows(payload.bytes(), {{.name = "deep2", .wide = false, .dim = 2}}); });
}

TEST(Order, IsReadAsWrittenAndNoOther) {
  for (const OrderKind kind : {OrderKind::kTrain, OrderKind::kEvaluate, OrderKind::kFinish})
    EXPECT_EQ(DecodeOrder(EncodeOrder(kind).bytes()), kind);
  for (const std::uint64_t kind : {0, 4})
    ExpectError(ExitCode::kPeer, {"unknown kind"},
                [&] { DecodeOrder(EncodeOrder(static_cast<OrderKind>(kind)).bytes()); });
  ExpectNoPartIsTaken(EncodeOrder(OrderKind::kTrain), DecodeOrder);
  ExpectTrailingByteIsRefused(EncodeOrder(OrderKind::kTrain), DecodeOrder);
}

TEST(DenseRange, CutsMultiplesOf16WithoutGaps) {
  for (const std::size_t floats : {0U, 16U, 32U, 160U, 4096U}) {
    for (int servers = 1; servers <= 7; ++servers) {
      std::size_t at = 0;
      for (int s = 0; s < servers; ++s) {
        const auto [first, end] = DenseRange(floats, s, servers);
        EXPECT_EQ(first, at);
        EXPECT_EQ(end % 16, 0U);
        at = end;
      }
      EXPECT_EQ(at, floats);
    }
  }
}

Buffer StepDone() {
  static const std::vector<double> losses = {1.5, 2.5};
  static const std::vector<std::uint32_t> examples = {256, 100};
  return EncodeStepDone({.first_slice = 3, .loss_sums = losses, .examples = examples});
}

TEST(StepDone, RoundTrip) {
  const Buffer payload = StepDone();
  const StepDoneMessage read = DecodeStepDone(payload.bytes());
  EXPECT_EQ(read.first_slice, 3U);
  EXPECT_EQ(ToVector(read.loss_sums), (std::vector<double>{1.5, 2.5}));
  EXPECT_EQ(ToVector(read.examples), (std::vector<std::uint32_t>{256, 100}));
}

TEST(StepDone, CutShortOrTooLong) {
  ExpectNoPartIsTaken(StepDone(), DecodeStepDone);
  ExpectTrailingByteIsRefused(StepDone(), DecodeStepDone);
}

Buffer Scores(std::uint8_t second_label, bool grouped) {
  const std::vector<float> logits = {0.5F, -1};
  const std::vector<std::uint8_t> labels = {1, second_label};
  const std::vector<Key> groups = {11, 12};
  return EncodeScores({.first = 9,
                       .logits = logits,
                       .labels = labels,
                       .groups = grouped ? groups : std::span<const Key>()});
}

TEST(Scores, RoundTrip) {
  for (const bool grouped : {false, true}) {
    const Buffer payload = Scores(0, grouped);
    const ScoresMessage read = DecodeScores(payload.bytes());
    EXPECT_EQ(read.first, 9U);
    EXPECT_EQ(ToVector(read.logits), (std::vector<float>{0.5F, -1}));
    EXPECT_EQ(ToVector(read.labels), (std::vector<std::uint8_t>{1, 0}));
    EXPECT_EQ(ToVector(read.groups), grouped ? (std::vector<Key>{11, 12}) : std::vector<Key>());
  }
}

TEST(Scores, ALabelThatIsNeither0Nor1) {
  const Buffer payload = Scores(2, false);
  ExpectError(ExitCode::kPeer, {"label of 2"}, [&] { DecodeScores(payload.bytes()); });
}

TEST(Scores, CutShortOrTooLong) {
  ExpectNoPartIsTaken(Scores(0, true), DecodeScores);
  ExpectTrailingByteIsRefused(Scores(0, true), DecodeScores);
}

TEST(Scores, ClaimMoreThanTheyHold) {
  Buffer payload = Scores(0, true);
  const std::uint64_t claim = ~std::uint64_t{0};
  std::memcpy(payload.data() + 8, &claim, sizeof(claim));
  ExpectError(ExitCode::kPeer, {"claims"}, [&] { DecodeScores(payload.bytes()); });
}

}  // namespace
}  // namespace fathom
