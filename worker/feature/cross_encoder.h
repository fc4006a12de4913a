// A cross: one key for each combination of its columns' keys.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/key.h"
#include "worker/feature/column_encoder.h"

namespace fathom {

// Thread rule: immutable once made.
class CrossEncoder {
 public:
  // `columns`: the config's, in order. `seed`: of the cross's field.
  CrossEncoder(const CrossConfig& cross, const std::vector<ColumnConfig>& columns,
               std::uint64_t seed);

  const std::vector<std::size_t>& columns() const { return columns_; }  // in the config
  bool multivalent() const { return multivalent_; }

  // Adds the keys of the record whose columns have been encoded, the last column's turning fastest.
  // Returns an empty string or what is wrong with the record.
  std::string Encode(const std::vector<ColumnEncoder>& encoders, std::vector<Key>* keys) const;

  // The key of one combination: a key of each column, in their order.
  Key KeyOf(std::span<const Key> combination) const;

  // So many combinations a record may have, and what is wrong with one that has more.
  static constexpr std::size_t kMaxCombinations = 4096;
  static std::string TooMany();

 private:
  std::vector<std::size_t> columns_;
  std::uint64_t seed_;
  std::uint64_t hash_buckets_;
  bool multivalent_ = false;
};

}  // namespace fathom
