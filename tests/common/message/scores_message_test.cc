#include "common/message/scores_message.h"

#include <gtest/gtest.h>

#include "tests/common/message/payload_checks.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ExpectNoPartIsTaken;
using testing::ExpectTrailingByteIsRefused;
using testing::ToVector;

Buffer Scores(std::uint8_t second_label, bool grouped) {
  const std::vector<float> logits = {0.5F, -1};
  const std::vector<std::uint8_t> labels = {1, second_label};
  const std::vector<Key> groups = {11, 12};
  const std::vector<std::uint64_t> values = {2, 5, 0}, without_row = {1, 5, 0};
  return EncodeScores({.first = 9,
                       .logits = logits,
                       .labels = labels,
                       .groups = grouped ? groups : std::span<const Key>(),
                       .values = values,
                       .without_row = without_row});
}

TEST(Scores, RoundTrip) {
  for (const bool grouped : {false, true}) {
    const Buffer payload = Scores(0, grouped);
    const ScoresMessage read = DecodeScores(payload.bytes());
    EXPECT_EQ(read.first, 9U);
    EXPECT_EQ(ToVector(read.logits), (std::vector<float>{0.5F, -1}));
    EXPECT_EQ(ToVector(read.labels), (std::vector<std::uint8_t>{1, 0}));
    EXPECT_EQ(ToVector(read.groups), grouped ? (std::vector<Key>{11, 12}) : std::vector<Key>());
    EXPECT_EQ(ToVector(read.values), (std::vector<std::uint64_t>{2, 5, 0}));
    EXPECT_EQ(ToVector(read.without_row), (std::vector<std::uint64_t>{1, 5, 0}));
  }
}

TEST(Scores, ALabelThatIsNeither0Nor1) {
  const Buffer payload = Scores(2, false);
  ExpectError(ExitCode::kPeer, {"label of 2"}, [&] { DecodeScores(payload.bytes()); });
}

TEST(Scores, MoreValuesWithoutARowThanValues) {
  const std::vector<std::uint64_t> values = {2}, without_row = {3};
  const Buffer payload = EncodeScores({.first = 0, .values = values, .without_row = without_row});
  ExpectError(ExitCode::kPeer, {"3 of 2 values"}, [&] { DecodeScores(payload.bytes()); });
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
