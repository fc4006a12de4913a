#include "common/message/saved_message.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

// No two numbers alike, so that none can stand in another's place.
SavedMessage MakeSaved() {
  return {.files = {{.name = "rows-00.bin",
                     .bytes = 123,
                     .checksum = 0xFEDCBA9876543210,
                     .blocks = {21, 22},
                     .rows = {3, 0},
                     .added = {2, 1}},
                    {.name = "dense.bin", .bytes = 9, .checksum = 1, .rows = {}}},
          .tables = {{.rows = 31,
                      .zero_wide_weights = 32,
                      .row_bytes = 300,
                      .allocated_bytes = 4096,
                      .evicted_rows = 33,
                      .refused_updates = 34,
                      .cold_bytes = 35,
                      .rows_asked = 36,
                      .rows_read = 37}},
          .staleness = {41, 42, 43},
          .held_seconds = 0.25,
          .bytes_written = 51,
          .failure = "the disk is full"};
}

Buffer Copy(std::span<const std::byte> bytes) {
  Buffer copy(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.data(), bytes.data(), bytes.size());
  return copy;
}

TEST(SavedMessage, RoundTrip) {
  const SavedMessage sent = MakeSaved();
  const SavedMessage read = DecodeSaved(EncodeSaved(sent).bytes());
  EXPECT_EQ(read.files, sent.files);
  ASSERT_EQ(read.tables.size(), 1U);
  EXPECT_EQ(read.tables[0].rows, 31U);
  EXPECT_EQ(read.tables[0].zero_wide_weights, 32U);
  EXPECT_EQ(read.tables[0].row_bytes, 300U);
  EXPECT_EQ(read.tables[0].allocated_bytes, 4096U);
  EXPECT_EQ(read.tables[0].evicted_rows, 33U);
  EXPECT_EQ(read.tables[0].refused_updates, 34U);
  EXPECT_EQ(read.tables[0].cold_bytes, 35U);
  EXPECT_EQ(read.tables[0].rows_asked, 36U);
  EXPECT_EQ(read.tables[0].rows_read, 37U);
  EXPECT_EQ(read.staleness, sent.staleness);
  EXPECT_EQ(read.held_seconds, 0.25);
  EXPECT_EQ(read.bytes_written, 51U);
  EXPECT_EQ(read.failure, "the disk is full");
}

TEST(SavedMessage, NothingSaved) {
  const SavedMessage read = DecodeSaved(EncodeSaved({}).bytes());
  EXPECT_TRUE(read.files.empty());
  EXPECT_TRUE(read.tables.empty());
}

TEST(SavedMessage, CutShortAnywhere) {
  const Buffer whole = EncodeSaved(MakeSaved());
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const Buffer part = Copy(whole.bytes().first(bytes));
    ExpectError(ExitCode::kPeer, {"control message"}, [&] { DecodeSaved(part.bytes()); });
  }
}

TEST(SavedMessage, TrailingBytes) {
  Buffer message = EncodeSaved(MakeSaved());
  message.Resize(message.size() + 3);
  ExpectError(ExitCode::kPeer, {"3 bytes too many"}, [&] { DecodeSaved(message.bytes()); });
}

// The files' count is the first number, and the first name's length the second.
TEST(SavedMessage, ClaimsMoreElementsThanBytesAreLeft) {
  for (const std::size_t place : {std::size_t{0}, std::size_t{8}}) {
    for (const std::uint64_t claim :
         {std::uint64_t{1} << 20, std::numeric_limits<std::uint64_t>::max()}) {
      Buffer message = EncodeSaved(MakeSaved());
      std::memcpy(message.data() + place, &claim, sizeof(claim));
      ExpectError(ExitCode::kPeer, {"claims", "elements"}, [&] { DecodeSaved(message.bytes()); });
    }
  }
}

}  // namespace
}  // namespace fathom
