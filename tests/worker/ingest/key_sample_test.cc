#include "worker/ingest/key_sample.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "common/random.h"

namespace fathom {
namespace {

struct Occurrence {
  Key key;
  DataPart part;
};

std::vector<Occurrence> Draw(std::uint64_t count, std::uint64_t different) {
  std::vector<Occurrence> drawn;
  for (std::uint64_t i = 0; i < count; ++i)
    drawn.push_back({Mix64(Mix64(1, i) % different),
                     Mix64(2, i) % 4 == 0 ? DataPart::kTest : DataPart::kTrain});
  return drawn;
}

std::map<Key, std::pair<bool, std::uint32_t>> Contents(const KeySample& sample) {
  std::map<Key, std::pair<bool, std::uint32_t>> contents;
  sample.ForEach([&](const KeySample::Entry& entry) {
    contents[entry.key] = {entry.trained,
                           entry.occurrences[static_cast<std::size_t>(DataPart::kTest)]};
  });
  return contents;
}

TEST(KeySample, IsExactWhileItHoldsAllKeys) {
  const auto drawn = Draw(5000, 900);
  KeySample sample(1000);
  std::map<Key, std::pair<bool, std::uint32_t>> expected;
  for (const Occurrence& one : drawn) {
    sample.Add(one.key, one.part);
    expected[one.key].first |= one.part == DataPart::kTrain;
    expected[one.key].second += one.part == DataPart::kTest;
  }
  EXPECT_EQ(sample.level(), 0);
  EXPECT_EQ(Contents(sample), expected);
}

// Of more keys it holds those with zeros in their lowest bits, with all their occurrences, in
// whatever order and on however many threads they come.
TEST(KeySample, IsTheSameSampleInAnyOrderAndAnySplit) {
  const auto drawn = Draw(40000, 10000);
  KeySample forward(1000), backward(1000), even(1000), odd(1000);
  for (const Occurrence& one : drawn) forward.Add(one.key, one.part);
  for (std::size_t i = drawn.size(); i-- > 0;) backward.Add(drawn[i].key, drawn[i].part);
  for (std::size_t i = 0; i < drawn.size(); ++i)
    (i % 2 == 0 ? even : odd).Add(drawn[i].key, drawn[i].part);
  even.Merge(odd);
  const auto contents = Contents(forward);
  EXPECT_GT(forward.level(), 2);
  EXPECT_LE(contents.size(), 1000U);
  EXPECT_GT(contents.size(), 400U);
  EXPECT_EQ(contents, Contents(backward));
  EXPECT_EQ(contents, Contents(even));
  std::map<Key, std::pair<bool, std::uint32_t>> expected;
  for (const Occurrence& one : drawn) {
    if (one.key % (Key{1} << forward.level()) != 0) continue;
    expected[one.key].first |= one.part == DataPart::kTrain;
    expected[one.key].second += one.part == DataPart::kTest;
  }
  EXPECT_EQ(contents, expected);
}

}  // namespace
}  // namespace fathom
