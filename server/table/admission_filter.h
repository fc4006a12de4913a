// Counts the steps that have named a key without a row (server.admission_count = k): it gets one
// once k have. Bloom filter inclusion, McMahan et al. 2013, section 4; the counters are those of
// Fan et al. 2000.
//
// A partition has m counters of four bits for the keys of all tables. A key has kHashes of them;
// to count it adds one to each, up to 15, and the least says how many steps have named it. What
// other keys add can only make that more: a key may be admitted too early, never too late. After
// N namings of other keys a counter has x of them with probability Poisson(x; kHashes N / m), so a
// key that has been named j < k times is admitted with probability
//   P(Poisson(kHashes N / m) >= k - j) ^ kHashes.
// Nothing is ever taken away: a row that was evicted is admitted at once when it is named again.
//
// The memory (server.admission_filter) is that of all servers, an equal share for each partition,
// so that who is admitted does not depend on the number of servers. Thread rule: the server's
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/config/config.h"
#include "common/key.h"
#include "common/partitions.h"
#include "server/table/mapped_memory.h"

namespace fathom {

class AdmissionFilter {
 public:
  static constexpr int kHashes = 4;
  static constexpr unsigned kMaxCount = 15;

  // Of the partitions [first_partition, end_partition). Takes no memory where it is off.
  AdmissionFilter(const Config& config, int first_partition, int end_partition);

  // The memory of all servers' filters together; 0: it is off, all keys are admitted.
  static std::size_t BytesOfAll(const Config& config);

  bool on() const { return needed_ > 1; }

  // A step names these keys of a table, which have no rows. Each may stand there once; their order
  // is of no consequence.
  void Count(std::size_t table, std::span<const Key> keys);

  // Whether as many steps as are needed have named the key.
  bool Admits(std::size_t table, Key key) const;

  // One partition's counters, as a checkpoint keeps them. Restore returns false where they are of
  // another size.
  std::span<const std::byte> Counters(int partition) const;
  bool Restore(int partition, std::span<const std::byte> counters);

  std::size_t allocated_bytes() const { return memory_.size(); }

 private:
  // Where a key's counters stand in memory_, as numbers of counters.
  std::array<std::uint64_t, kHashes> PlacesOf(std::size_t table, Key key) const;
  unsigned CounterAt(std::uint64_t place) const;

  unsigned needed_;
  Partitions cut_;
  int first_partition_;
  std::uint64_t counters_;  // of a partition
  MappedMemory memory_;     // two counters a byte, the first in the lower half
};

}  // namespace fathom
