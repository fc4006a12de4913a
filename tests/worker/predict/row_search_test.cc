#include "worker/predict/row_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "common/random.h"

namespace fathom {
namespace {

// Rows of 12 bytes: places that keys must not be aligned at.
class Rows {
 public:
  explicit Rows(const std::vector<Key>& keys) : bytes_(keys.size() * kRowBytes) {
    for (std::size_t i = 0; i < keys.size(); ++i)
      std::memcpy(bytes_.data() + i * kRowBytes, &keys[i], sizeof(Key));
  }

  // Which row; the number of rows: none.
  std::size_t Find(Key key, Key low = 0, int width_bits = 64) const {
    const SortedKeys rows{bytes_.data(), size(), kRowBytes, low, width_bits};
    const std::byte* const row = FindRow(rows, key);
    return row == nullptr ? size() : static_cast<std::size_t>(row - bytes_.data()) / kRowBytes;
  }

  std::size_t size() const { return bytes_.size() / kRowBytes; }

 private:
  static constexpr std::size_t kRowBytes = 12;
  std::vector<std::byte> bytes_;
};

void ExpectAsBinarySearch(const std::vector<Key>& keys, const std::vector<Key>& asked, Key low = 0,
                          int width_bits = 64) {
  const Rows rows(keys);
  for (const Key key : asked) {
    const auto place = std::lower_bound(keys.begin(), keys.end(), key);
    const bool there = place != keys.end() && *place == key;
    const auto expected = there ? static_cast<std::size_t>(place - keys.begin()) : keys.size();
    EXPECT_EQ(rows.Find(key, low, width_bits), expected) << key;
  }
}

std::vector<Key> AroundThem(const std::vector<Key>& keys) {
  std::vector<Key> asked = keys;
  for (const Key key : keys) {
    asked.push_back(key - 1);
    asked.push_back(key + 1);
  }
  return asked;
}

TEST(RowSearch, FindsWhatBinarySearchFindsAmongHashes) {
  for (const std::size_t count : {1U, 2U, 3U, 100U, 5000U}) {
    std::set<Key> some;
    for (std::uint64_t i = 0; some.size() < count; ++i) some.insert(Mix64(count, i));
    const std::vector<Key> keys(some.begin(), some.end());
    ExpectAsBinarySearch(keys, AroundThem(keys));
  }
}

TEST(RowSearch, FindsNothingWhereThereIsNothing) {
  ExpectAsBinarySearch({}, {0, 1, ~Key{0}});
  ExpectAsBinarySearch({7}, {0, 6, 7, 8, ~Key{0}});
  ExpectAsBinarySearch({0}, {0, 1, ~Key{0}});
  ExpectAsBinarySearch({~Key{0}}, {0, 1, ~Key{0} - 1, ~Key{0}});
}

TEST(RowSearch, FindsKeysThatCrowd) {
  std::vector<Key> low, high, both, powers;
  for (Key i = 0; i < 3000; ++i) {
    low.push_back(i);
    high.push_back(~Key{0} - 2999 + i);
  }
  both = low;
  both.insert(both.end(), high.begin(), high.end());
  for (int bit = 0; bit < 64; ++bit) powers.push_back(Key{1} << bit);
  for (const auto& keys : {low, high, both, powers}) ExpectAsBinarySearch(keys, AroundThem(keys));
}

TEST(RowSearch, FindsKeysOfAPartition) {
  constexpr int kWidthBits = 58;
  for (const Key partition : {0U, 1U, 63U}) {
    const Key begin = partition << kWidthBits;
    std::set<Key> some = {begin, begin + (Key{1} << kWidthBits) - 1};
    for (std::uint64_t i = 0; i < 500; ++i) some.insert(begin + (Mix64(partition, i) >> 6));
    const std::vector<Key> keys(some.begin(), some.end());
    ExpectAsBinarySearch(keys, keys, begin, kWidthBits);
  }
}

TEST(RowSearch, ReadsNothingOutsideRowsThatAreOutOfOrder) {
  std::vector<Key> keys;
  for (std::uint64_t i = 0; i < 1000; ++i) keys.push_back(Mix64(5, i));
  const Rows rows(keys);
  for (std::uint64_t i = 0; i < 5000; ++i) {
    const Key key = i < 1000 ? keys[i] : Mix64(6, i);
    const std::size_t found = rows.Find(key);
    if (found < keys.size()) {
      EXPECT_EQ(keys[found], key);
    }
    rows.Find(key, Key{5} << 58, 58);  // a key of another partition
  }
}

}  // namespace
}  // namespace fathom
