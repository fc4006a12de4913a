// Keeps a shard's rows within the config's limits: evicts rows by memory (server.memory_limit) and
// by age (server.evict_unused_steps), closes partitions that are full, and lets pages of the cold
// tier go. Thread rule: the server's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "common/config/config.h"
#include "common/partitions.h"
#include "server/table/cold_tier.h"
#include "server/table/row_budget.h"
#include "server/table/slab_arena.h"
#include "server/table/sparse_table.h"

namespace fathom {

class RowLimits {
 public:
  // Called with each partition whose rows have moved or gone.
  using Moved = std::function<void(int partition)>;

  // Of the partitions [first_partition, end_partition). Tables, arena and tier must outlive it.
  RowLimits(const Config& config, const std::vector<TableSpec>& specs,
            std::deque<SparseTable>& tables, const SlabArena& arena, ColdTier& cold,
            int first_partition, int end_partition);

  // Between steps, so that all of a step's keys find the same partitions open.
  void KeepToBudget(const Moved& moved);

  // After the step: rows of a 64th of the keys that were not named for too long. Not of all, so
  // that no step takes much longer for it; the same 64th however tables are cut.
  void EvictUnused(std::uint64_t step, const Moved& moved);

  // Lets pages go that do not fit into memory. There is a cold tier.
  void KeepColdWithin();

 private:
  void SayFull();

  std::deque<SparseTable>& tables_;
  const SlabArena& arena_;
  ColdTier& cold_;
  Partitions cut_;
  int first_partition_;
  int end_partition_;
  RowBudget budget_;
  std::int64_t unused_steps_;  // after which a row is evicted; 0: never
  bool at_limit_ = false;      // was reached, and said
};

}  // namespace fathom
