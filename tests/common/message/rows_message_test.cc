#include "common/message/rows_message.h"

#include <gtest/gtest.h>

#include "common/net/payload.h"
#include "tests/common/message/payload_checks.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ExpectNoPartIsTaken;
using testing::ExpectTrailingByteIsRefused;
using testing::ToVector;

const std::vector<TableSpec> kRowsTables = {{.name = "wide", .wide = true},
                                            {.name = "wide_deep2", .wide = true, .dim = 2}};

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

RowsMessage TakeRows(std::span<const std::byte> payload) {
  return DecodeRows(payload, kRowsTables);
}

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

// They are as the model has them, and say which keys have a row.
TEST(Rows, ToScoreWithAreFloatsWhateverTheFormat) {
  PayloadWriter writer;
  writer.Put<std::uint64_t>(0);
  writer.Put<std::uint64_t>(0);
  writer.Array<float>(0);
  writer.Put<std::uint64_t>(1);
  writer.PutArray(std::span<const float>(std::vector<float>{0.3F}));
  writer.PutArray(std::span<const std::uint64_t>(std::vector<std::uint64_t>{1}));
  writer.Put<std::uint64_t>(2);
  writer.PutArray(std::span<const float>(std::vector<float>{0.1F, 0}));
  writer.PutArray(std::span<const float>(std::vector<float>{0.7F, 0.9F, 0, 0}));
  writer.PutArray(std::span<const std::uint64_t>(std::vector<std::uint64_t>{1}));
  const Buffer payload = writer.Take();
  const RowsMessage read = DecodeRows(payload.bytes(), kRowsTables, RowFormat::kBfloat16);
  EXPECT_FALSE(read.will_push);
  EXPECT_EQ(ToVector(read.tables[0].wide), std::vector<float>{0.3F});
  EXPECT_EQ(ToVector(read.tables[0].has_row), std::vector<std::uint64_t>{1});
  EXPECT_EQ(ToVector(read.tables[1].wide), (std::vector<float>{0.1F, 0}));
  EXPECT_EQ(ToVector(read.tables[1].deep), (std::vector<float>{0.7F, 0.9F, 0, 0}));
  EXPECT_EQ(ToVector(read.tables[1].has_row), std::vector<std::uint64_t>{1});
  ExpectNoPartIsTaken(payload, TakeRows);
}

TEST(Rows, AsBfloat16BecomeFloats) {
  PayloadWriter writer;
  writer.Put<std::uint64_t>(1);
  writer.Put<std::uint64_t>(1);
  writer.PutArray(std::span<const float>(std::vector<float>{0.3F}));
  writer.Put<std::uint64_t>(1);
  writer.PutArray(std::span<const std::uint16_t>(std::vector<std::uint16_t>{0x3F80}));
  writer.Put<std::uint64_t>(2);
  writer.PutArray(std::span<const std::uint16_t>(std::vector<std::uint16_t>{0xBF80, 0x4000}));
  writer.PutArray(
      std::span<const std::uint16_t>(std::vector<std::uint16_t>{0x4040, 0x4080, 0x40A0, 0xC0C0}));
  const Buffer payload = writer.Take();
  EXPECT_TRUE(AnswersTraining(payload.bytes()));
  const RowsMessage read = DecodeRows(payload.bytes(), kRowsTables, RowFormat::kBfloat16);
  EXPECT_TRUE(read.will_push);
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

}  // namespace
}  // namespace fathom
