// How every table is cut into partitions (server.partitions): by its keys' top bits. A partition is
// the unit of placement and of the model's files, so files do not depend on the number of servers.
//
// A value: a power of two from kFewest to kMost. Where rows lie depends on it, and what is counted
// for each partition by itself: its share of server.memory_limit and of server.admission_filter.
#pragma once

#include <bit>
#include <cstdint>

#include "common/check.h"
#include "common/key.h"

namespace fathom {

// Partitions [first, end).
struct PartitionRange {
  int first = 0;
  int end = 0;

  int count() const { return end - first; }
  bool Holds(int partition) const { return partition >= first && partition < end; }
};

class Partitions {
 public:
  static constexpr int kFewest = 64;
  static constexpr int kMost = 4096;

  static constexpr bool MayBe(std::int64_t count) {
    return count >= kFewest && count <= kMost &&
           std::has_single_bit(static_cast<std::uint64_t>(count));
  }

  explicit Partitions(std::int64_t count = kFewest)
      : shift_(64 - std::countr_zero(static_cast<std::uint64_t>(count))) {
    FATHOM_CHECK(MayBe(count));
  }

  int bits() const { return 64 - shift_; }
  int count() const { return 1 << bits(); }

  int Of(Key key) const { return static_cast<int>(key >> shift_); }

  // The first of server s of n, which owns the partitions [First(s, n), First(s + 1, n)), so keys
  // in ascending order are also in order of server.
  int First(int server, int servers) const { return server * count() / servers; }
  PartitionRange OfServer(int server, int servers) const {
    return {First(server, servers), First(server + 1, servers)};
  }
  int ServerOf(int partition, int servers) const {
    return static_cast<int>(((partition + 1LL) * servers - 1) / count());
  }

  // Those of this cut that share keys with `range` of another one.
  PartitionRange Covering(PartitionRange range, Partitions other) const {
    const std::int64_t own = count(), others = other.count();
    return {static_cast<int>(range.first * own / others),
            static_cast<int>((range.end * own + others - 1) / others)};
  }

  friend bool operator==(Partitions, Partitions) = default;

 private:
  int shift_;
};

}  // namespace fathom
