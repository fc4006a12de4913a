// A cross: one key for each combination of its columns' keys.
#pragma once

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

  // What the keys that Encode adds are called, in their order: the names of the columns' keys with
  // " x " between them. The columns must keep theirs.
  void AddNames(const std::vector<ColumnEncoder>& encoders, std::vector<std::string>* names) const;

 private:
  template <typename Take>
  void ForEachPart(const std::vector<ColumnEncoder>& encoders, std::size_t combination,
                   std::size_t combinations, Take take) const;

  std::vector<std::size_t> columns_;
  std::uint64_t seed_;
  std::uint64_t hash_buckets_;
  bool multivalent_ = false;
};

}  // namespace fathom
