#include "common/value_keys.h"

#include <gtest/gtest.h>

#include <string>

#include "common/random.h"

namespace fathom {
namespace {

TEST(ValueKeys, AreTheKeysOfTheValuesOneByOne) {
  constexpr std::size_t kColumns = 21;
  ValueKeys together;
  // The keys stand in the opposite order.
  for (std::size_t c = 0; c < kColumns; ++c)
    together.Add(ColumnSeed("column" + std::to_string(c)), c, kColumns - 1 - c);
  for (std::uint64_t i = 0; i < 2000; ++i) {
    std::vector<std::string> texts(kColumns);
    for (std::size_t c = 0; c < kColumns; ++c) {
      // Each length alone, and all of them beside each other.
      const std::uint64_t size = i < 40 ? i : Mix64(i, c) % 12;
      for (std::uint64_t b = 0; b < size; ++b) texts[c] += static_cast<char>(Mix64(Mix64(i, c), b));
    }
    std::vector<std::string_view> values(texts.begin(), texts.end());
    std::vector<Key> keys(kColumns);
    together.Make(values, keys.data());
    for (std::size_t c = 0; c < kColumns; ++c) {
      const std::uint64_t seed = ColumnSeed("column" + std::to_string(c));
      ASSERT_EQ(keys[kColumns - 1 - c],
                texts[c].empty() ? MissingKey(seed) : ValueKey(seed, texts[c]))
          << texts[c].size() << " bytes";
    }
  }
}

}  // namespace
}  // namespace fathom
