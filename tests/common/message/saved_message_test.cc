#include "common/message/saved_message.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/message/control_archive.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

SavedMessage MakeSaved() {
  return {
      .files =
          {{.name = "rows-00.bin", .bytes = 123, .checksum = 0xFEDCBA9876543210, .rows = {3, 0}},
           {.name = "dense.bin", .bytes = 9, .checksum = 1, .rows = {}}},
      .tables = {{.rows = 3, .zero_wide_weights = 2, .row_bytes = 300, .allocated_bytes = 4096}}};
}

Buffer Copy(std::span<const std::byte> bytes) {
  Buffer copy(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.data(), bytes.data(), bytes.size());
  return copy;
}

TEST(SavedMessage, RoundTrip) {
  const SavedMessage sent = MakeSaved();
  const SavedMessage read = DecodeSaved(EncodeSaved(sent).bytes());
  ASSERT_EQ(read.files.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read.files[i].name, sent.files[i].name);
    EXPECT_EQ(read.files[i].bytes, sent.files[i].bytes);
    EXPECT_EQ(read.files[i].checksum, sent.files[i].checksum);
    EXPECT_EQ(read.files[i].rows, sent.files[i].rows);
  }
  ASSERT_EQ(read.tables.size(), 1U);
  EXPECT_EQ(read.tables[0].rows, 3U);
  EXPECT_EQ(read.tables[0].zero_wide_weights, 2U);
  EXPECT_EQ(read.tables[0].row_bytes, 300U);
  EXPECT_EQ(read.tables[0].allocated_bytes, 4096U);
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

// A length may be as large as the bytes that are left and still be too long for its elements.
TEST(SavedMessage, ClaimsWiderElementsThanBytesAreLeft) {
  ControlOutput archive;
  archive(std::vector<std::uint8_t>(16));
  Buffer message = archive.Take();
  std::vector<std::uint64_t> numbers;
  ExpectError(ExitCode::kPeer, {"too early"}, [&] { ControlInput(message.bytes())(numbers); });
}

TEST(FailedMessage, RoundTrip) {
  const FailedMessage read =
      DecodeFailed(EncodeFailed({.exit_code = 7, .what = "step 3: not finite \n\0x"}).bytes());
  EXPECT_EQ(read.exit_code, 7);
  EXPECT_EQ(read.what, "step 3: not finite \n\0x");
}

TEST(FailedMessage, CutShort) {
  const Buffer whole = EncodeFailed({.exit_code = 7, .what = "lost"});
  const Buffer part = Copy(whole.bytes().first(whole.size() - 1));
  ExpectError(ExitCode::kPeer, {"control message"}, [&] { DecodeFailed(part.bytes()); });
}

}  // namespace
}  // namespace fathom
