// Keys: one 64-bit number names one sparse feature (a value of a column, or of a cross).
//
// A key is a hash of the column's name and the value's text, so it is well mixed: its top bits
// choose the partition, and so the server, that owns the row; small ids do not crowd together.
// That any two of a table's n features share a key has probability n^2 / 2^65 (3e-4 for 10^8).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fathom {

using Key = std::uint64_t;

// The hash of a column's name: the seed of its keys.
std::uint64_t ColumnSeed(std::string_view column_name);

// The key of a value's text (already trimmed) in a column. `hash_buckets` > 0 first folds the
// value into that many classes.
Key ValueKey(std::uint64_t column_seed, std::string_view value, std::uint64_t hash_buckets = 0);

// A column whose values' keys ValueKeys makes.
struct ValueColumn {
  std::uint64_t seed = 0;
  Key missing = 0;        // MissingKey(seed)
  std::size_t value = 0;  // among the values
  std::size_t key = 0;    // among the keys
};

// For each column: keys[key] = ValueKey(seed, values[value]), or `missing` where the value is
// empty. A record's columns in one call: the hash of a short text takes less time than a call.
void ValueKeys(std::span<const ValueColumn> columns, std::span<const std::string_view> values,
               Key* keys);

// The key of an unknown (missing) value, and the one that all values too rare for the
// vocabulary share.
Key MissingKey(std::uint64_t column_seed);
Key RareKey(std::uint64_t column_seed);

// The key of the bucket or quantile number `index`.
Key BucketKey(std::uint64_t column_seed, std::uint64_t index);

// Folds one more column's key into a cross. Start with `CrossStart(column_seed of the cross)`,
// fold the columns in config order, then `CrossFinish` with the same seed.
std::uint64_t CrossStart(std::uint64_t column_seed);
std::uint64_t CrossFold(std::uint64_t state, Key key);
Key CrossFinish(std::uint64_t column_seed, std::uint64_t state, std::uint64_t hash_buckets = 0);

}  // namespace fathom
