// Against std::map.
#include "worker/batch/unique_keys.h"

#include <gtest/gtest.h>

#include <map>

#include "common/random.h"

namespace fathom {
namespace {

TEST(UniqueKeys, NumbersAndOrderAreThoseOfAMap) {
  UniqueKeys unique;
  for (std::uint64_t round = 0; round < 3; ++round) {
    unique.Clear();
    std::map<Key, std::uint32_t> numbers;
    for (std::uint64_t i = 0; i < 20000; ++i) {
      // Few distinct keys at first, then many; keys that differ only in their top or low bits.
      const std::uint64_t draw = Mix64(round, i) % (i + 1);
      const Key key = draw % 3 == 0 ? draw << 50 : (draw % 3 == 1 ? draw : Mix64(7, draw));
      const auto expected = static_cast<std::uint32_t>(numbers.size());
      const auto [place, added] = numbers.emplace(key, expected);
      ASSERT_EQ(unique.Number(key), place->second);
    }
    ASSERT_EQ(unique.size(), numbers.size());
    std::vector<Key> sorted;
    std::vector<std::uint32_t> places;
    unique.Sort(&sorted, &places);
    std::uint32_t at = 0;
    for (const auto& [key, number] : numbers) {
      ASSERT_EQ(sorted[at], key);
      ASSERT_EQ(places[number], at);
      ++at;
    }
  }
}

TEST(UniqueKeys, ZeroIsAKey) {
  UniqueKeys unique;
  EXPECT_EQ(unique.Number(5), 0U);
  EXPECT_EQ(unique.Number(0), 1U);
  EXPECT_EQ(unique.Number(0), 1U);
  EXPECT_EQ(unique.size(), 2U);
}

}  // namespace
}  // namespace fathom
