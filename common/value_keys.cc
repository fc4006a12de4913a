#include "common/value_keys.h"

#include "common/short_text.h"

namespace fathom {
namespace {

constexpr std::size_t kShortest = 4;  // bytes, of the texts that are hashed together

// XXH3-64 of four to eight bytes (Collet, xxHash's specification: "XXH3 for small inputs"), with
// the constants of its default secret.
std::uint64_t SeedFlip(std::uint64_t seed) {
  const auto low = static_cast<std::uint32_t>(seed);
  seed ^= std::uint64_t{__builtin_bswap32(low)} << 32;
  return (0x1CAD21F72C81017C ^ 0xDB979083E96DD4DE) - seed;
}

// `text` as ShortText gives it.
std::uint64_t HashOfShort(std::uint64_t text, std::uint64_t size, std::uint64_t flip) {
  constexpr std::uint64_t kPrime = 0x9FB21C651E98DF25;
  const auto rotated = [](std::uint64_t x, int by) { return x << by | x >> (64 - by); };
  const std::uint64_t last = text >> (8 * (size - kShortest) & 63) & 0xFFFFFFFF;
  std::uint64_t hash = (last + (text << 32)) ^ flip;
  hash ^= rotated(hash, 49) ^ rotated(hash, 24);
  hash *= kPrime;
  hash ^= (hash >> 35) + size;
  hash *= kPrime;
  return hash ^ hash >> 28;
}

}  // namespace

void ValueKeys::Add(std::uint64_t column_seed, std::size_t value, std::size_t key) {
  if (groups_.empty() || groups_.back().columns == kLanes) groups_.emplace_back();
  Group& group = groups_.back();
  const std::size_t lane = group.columns++;
  group.flip[lane] = SeedFlip(column_seed);
  group.missing[lane] = MissingKey(column_seed);
  group.seed[lane] = column_seed;
  group.value[lane] = value;
  group.key[lane] = key;
}

void ValueKeys::Make(std::span<const std::string_view> values, Key* keys) const {
  for (const Group& group : groups_) MakeGroup(group, values, keys);
}

void ValueKeys::MakeGroup(const Group& group, std::span<const std::string_view> values, Key* keys) {
  std::uint64_t texts[kLanes] = {}, sizes[kLanes] = {};
  Key made[kLanes];
  for (std::size_t i = 0; i < group.columns; ++i) {
    const std::string_view value = values[group.value[i]];
    texts[i] = ShortText(value);
    sizes[i] = value.size();
  }
  for (std::size_t i = 0; i < kLanes; ++i) {
    const Key key = HashOfShort(texts[i], sizes[i], group.flip[i]);
    made[i] = sizes[i] == 0 ? group.missing[i] : key;
  }
  for (std::size_t i = 0; i < group.columns; ++i) {
    const bool together = sizes[i] == 0 || sizes[i] - kShortest <= kShortTextBytes - kShortest;
    keys[group.key[i]] = together ? made[i] : ValueKey(group.seed[i], values[group.value[i]]);
  }
}

}  // namespace fathom
