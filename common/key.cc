#include "common/key.h"

#include <xxhash.h>

#include "common/random.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

// Keeps keys that do not come from a value's text apart from those that do.
enum class Tag : std::uint64_t { kMissing = 1, kRare = 2, kBucket = 3, kFolded = 4, kCross = 5 };

Key Tagged(std::uint64_t column_seed, Tag tag, std::uint64_t number) {
  return Mix64(Mix64(column_seed, static_cast<std::uint64_t>(tag)), number);
}

}  // namespace

std::uint64_t ColumnSeed(std::string_view column_name) { return Xxh3(column_name); }

Key ValueKey(std::uint64_t column_seed, std::string_view value, std::uint64_t hash_buckets) {
  const Key key = Xxh3(value, column_seed);
  return hash_buckets == 0 ? key : Tagged(column_seed, Tag::kFolded, key % hash_buckets);
}

void ValueKeys(std::span<const ValueColumn> columns, std::span<const std::string_view> values,
               Key* keys) {
  for (const ValueColumn& column : columns) {
    const std::string_view value = values[column.value];
    keys[column.key] = value.empty()
                           ? column.missing
                           : XXH3_64bits_withSeed(value.data(), value.size(), column.seed);
  }
}

Key MissingKey(std::uint64_t column_seed) { return Tagged(column_seed, Tag::kMissing, 0); }

Key RareKey(std::uint64_t column_seed) { return Tagged(column_seed, Tag::kRare, 0); }

Key BucketKey(std::uint64_t column_seed, std::uint64_t index) {
  return Tagged(column_seed, Tag::kBucket, index);
}

std::uint64_t CrossStart(std::uint64_t column_seed) {
  return Mix64(column_seed, static_cast<std::uint64_t>(Tag::kCross));
}

std::uint64_t CrossFold(std::uint64_t state, Key key) { return Mix64(state, key); }

Key CrossFinish(std::uint64_t column_seed, std::uint64_t state, std::uint64_t hash_buckets) {
  return hash_buckets == 0 ? Mix64(state) : Tagged(column_seed, Tag::kFolded, state % hash_buckets);
}

}  // namespace fathom
