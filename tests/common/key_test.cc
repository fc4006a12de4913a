#include "common/key.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <vector>

namespace fathom {
namespace {

TEST(Key, KindsOfKeysOfOneColumnDiffer) {
  const std::uint64_t seed = ColumnSeed("color");
  const std::set<Key> keys = {ValueKey(seed, ""),
                              ValueKey(seed, "red"),
                              ValueKey(seed, "red", 10),
                              MissingKey(seed),
                              RareKey(seed),
                              BucketKey(seed, 0),
                              BucketKey(seed, 1),
                              CrossFinish(seed, CrossStart(seed))};
  EXPECT_EQ(keys.size(), 8U);
}

// Keys stand in models and packed data: what makes them may never change.
TEST(Key, AreWhatTheyHaveAlwaysBeen) {
  const std::uint64_t seed = ColumnSeed("color");
  EXPECT_EQ(seed, 0xC37B10495D47AA9ULL);
  EXPECT_EQ(ValueKey(seed, "red"), 0xCB5F3DEE9EAA9539ULL);
  EXPECT_EQ(ValueKey(seed, "red", 1000), 0xB8F583EE7BEB10EBULL);
  EXPECT_EQ(MissingKey(seed), 0xA5095C111D4B981EULL);
  EXPECT_EQ(RareKey(seed), 0xE6C8A6FF711DB8D1ULL);
  EXPECT_EQ(BucketKey(seed, 7), 0x78E00FAC06072ABDULL);
  const std::uint64_t state = CrossFold(CrossFold(CrossStart(seed), 1), 2);
  EXPECT_EQ(CrossFinish(seed, state), 0x552702B495D960EFULL);
  EXPECT_EQ(CrossFinish(seed, state, 1000), 0xF01CED04E025282CULL);
}

TEST(Key, OfARecordsValuesTogether) {
  const std::uint64_t seeds[] = {ColumnSeed("a"), ColumnSeed("b")};
  std::vector<ValueColumn> columns;
  // The keys stand in the opposite order.
  for (std::size_t c = 0; c < 2; ++c) columns.push_back({seeds[c], MissingKey(seeds[c]), c, 1 - c});
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string text(size, 'x');
    const std::string_view values[] = {text, "red"};
    Key keys[2] = {};
    ValueKeys(columns, values, keys);
    EXPECT_EQ(keys[1], size == 0 ? MissingKey(seeds[0]) : ValueKey(seeds[0], text));
    EXPECT_EQ(keys[0], ValueKey(seeds[1], "red"));
  }
}

TEST(Key, ColumnsDiffer) {
  EXPECT_NE(ValueKey(ColumnSeed("a"), "x"), ValueKey(ColumnSeed("b"), "x"));
  EXPECT_NE(MissingKey(ColumnSeed("a")), MissingKey(ColumnSeed("b")));
  const std::uint64_t state = CrossFold(CrossStart(1), 7);
  EXPECT_NE(CrossFinish(ColumnSeed("a x b"), state, 10),
            CrossFinish(ColumnSeed("a x c"), state, 10));
}

TEST(Key, BucketsFoldIntoThatManyKeys) {
  std::set<Key> keys;
  for (int i = 0; i < 1000; ++i) keys.insert(ValueKey(5, std::to_string(i), 16));
  EXPECT_EQ(keys.size(), 16U);
}

TEST(Key, BucketsOfCrossesFoldIntoThatManyKeys) {
  std::set<Key> keys;
  for (Key i = 0; i < 1000; ++i) keys.insert(CrossFinish(5, CrossFold(CrossStart(5), i), 16));
  EXPECT_EQ(keys.size(), 16U);
}

TEST(Key, CrossesHaveAnOrder) {
  EXPECT_NE(CrossFinish(1, CrossFold(CrossFold(CrossStart(1), 2), 3)),
            CrossFinish(1, CrossFold(CrossFold(CrossStart(1), 3), 2)));
}

}  // namespace
}  // namespace fathom
