#include "server/table/row_index.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "common/random.h"

namespace fathom {
namespace {

constexpr std::size_t kRowBytes = 8 + 4 * 3;

class RowIndexTest : public ::testing::Test {
 protected:
  float* Add(Key key) {
    float* const row = rows_.Append(key);
    index_.AddLast(rows_);
    return row;
  }

  SlabArena arena_;
  RowStore rows_{kRowBytes, &arena_};
  RowIndex index_;
};

TEST_F(RowIndexTest, EmptyIndexFindsNothing) {
  EXPECT_EQ(index_.Find(1, rows_), nullptr);
  EXPECT_EQ(index_.Candidate(RowStore::Hash(1), rows_), nullptr);
  EXPECT_EQ(index_.allocated_bytes(), 0U);
}

TEST_F(RowIndexTest, RowsStayWhereTheyAreWhileItGrows) {
  std::vector<float*> places;
  constexpr Key kRows = 50000;
  for (Key i = 0; i < kRows; ++i) places.push_back(Add(Mix64(i)));
  for (Key i = 0; i < kRows; ++i) {
    ASSERT_EQ(index_.Find(Mix64(i), rows_), places[i]) << i;
    ASSERT_EQ(RowStore::KeyOf(places[i]), Mix64(i)) << i;
    ASSERT_EQ(index_.Find(Mix64(i + kRows), rows_), nullptr) << i;
  }
}

TEST_F(RowIndexTest, KeysThatAreNotMixedWorkToo) {
  for (Key key = 0; key < 3000; ++key) Add(key << 40);
  for (Key key = 0; key < 3000; ++key)
    ASSERT_EQ(RowStore::KeyOf(index_.Find(key << 40, rows_)), key << 40);
  EXPECT_EQ(index_.Find(1, rows_), nullptr);
}

// Keys 0 and the largest are keys like any other.
TEST_F(RowIndexTest, ExtremeKeys) {
  float* const zero = Add(0);
  float* const largest = Add(~Key{0});
  EXPECT_EQ(index_.Find(0, rows_), zero);
  EXPECT_EQ(index_.Find(~Key{0}, rows_), largest);
}

TEST_F(RowIndexTest, GrowsByAQuarterAndIsNeverFullerThanFourFifths) {
  std::set<std::uint64_t> capacities;
  for (Key i = 0; i < 60000; ++i) {
    Add(Mix64(i));
    ASSERT_LE((i + 1) * 5, index_.capacity() * 4);
    capacities.insert(index_.capacity());
  }
  std::uint64_t before = 0;
  for (const std::uint64_t capacity : capacities) {
    if (before > 0) {
      EXPECT_LE(capacity, before + before / 4 + 1024);  // and up to a whole page
    }
    before = capacity;
  }
}

TEST_F(RowIndexTest, CandidateIsTheRowUnlessTagsCollide) {
  int collisions = 0;
  for (Key i = 0; i < 20000; ++i) Add(Mix64(i));
  for (Key i = 0; i < 20000; ++i) {
    const float* const candidate = index_.Candidate(RowStore::Hash(Mix64(i)), rows_);
    ASSERT_NE(candidate, nullptr);
    if (RowStore::KeyOf(candidate) != Mix64(i)) ++collisions;
  }
  EXPECT_LT(collisions, 20);  // row numbers of 15 bits leave 17 to tell keys apart
}

}  // namespace
}  // namespace fathom
