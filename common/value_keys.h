// The keys of one record's values, many columns at a time.
//
// The hash of a short text takes less time than a call, and eight such hashes in vectors little
// more than one. Values of four to eight bytes, which ids mostly are, take that way; what comes out
// is ValueKey for every text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/key.h"

namespace fathom {

// Thread rule: immutable once its columns are added.
class ValueKeys {
 public:
  // The column's value is values[value], its key becomes keys[key].
  void Add(std::uint64_t column_seed, std::size_t value, std::size_t key);

  // keys[key] = ValueKey(column_seed, values[value]), or MissingKey where the value is empty.
  void Make(std::span<const std::string_view> values, Key* keys) const;

 private:
  static constexpr std::size_t kLanes = 8;
  struct alignas(64) Group {
    std::uint64_t flip[kLanes] = {};  // what XXH3 makes of the seed for four to eight bytes
    Key missing[kLanes] = {};
    std::uint64_t seed[kLanes] = {};
    std::size_t value[kLanes] = {};
    std::size_t key[kLanes] = {};
    std::size_t columns = 0;
  };
  static void MakeGroup(const Group& group, std::span<const std::string_view> values, Key* keys);

  std::vector<Group> groups_;
};

}  // namespace fathom
