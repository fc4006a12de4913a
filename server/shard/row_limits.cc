#include "server/shard/row_limits.h"

#include <algorithm>

#include "common/log_line.h"

namespace fathom {

RowLimits::RowLimits(const Config& config, const std::vector<TableSpec>& specs,
                     std::deque<SparseTable>& tables, const SlabArena& arena, ColdTier& cold,
                     int first_partition, int end_partition)
    : tables_(tables),
      arena_(arena),
      cold_(cold),
      cut_(config.server.partitions),
      first_partition_(first_partition),
      end_partition_(end_partition),
      budget_(config, specs),
      unused_steps_(config.server.evict_unused_steps) {}

void RowLimits::EvictUnused(std::uint64_t step, const Moved& moved) {
  if (unused_steps_ == 0) return;
  const int partitions = cut_.count() / Partitions::kFewest;  // of a 64th
  const int first = static_cast<int>(step % Partitions::kFewest) * partitions;
  for (int p = std::max(first, first_partition_); p < std::min(first + partitions, end_partition_);
       ++p) {
    bool evicted = false;
    for (SparseTable& table : tables_) evicted |= table.EvictUnused(p, step, unused_steps_);
    if (evicted) moved(p);
  }
}

void RowLimits::KeepColdWithin() {
  std::size_t others = arena_.memory_bytes();
  for (const SparseTable& table : tables_) others += table.index_bytes();
  cold_.SetOtherBytes(others);
  cold_.KeepWithin();
}

void RowLimits::KeepToBudget(const Moved& moved) {
  if (cold_.on()) KeepColdWithin();
  if (!budget_.limited()) return;
  for (int p = first_partition_; p < end_partition_; ++p) {
    std::vector<std::uint64_t> rows;
    for (const SparseTable& table : tables_) rows.push_back(table.RowsOf(p));
    const bool full = budget_.Full(rows);
    if (full) SayFull();
    if (budget_.at_limit() == AtLimit::kRefuse) {
      for (SparseTable& table : tables_) table.Close(p, full);
    } else if (full) {
      const auto keep = budget_.Keep(rows);
      for (std::size_t t = 0; t < tables_.size(); ++t)
        tables_[t].Evict(p, keep[t], budget_.at_limit());
      moved(p);
    }
  }
}

void RowLimits::SayFull() {
  if (at_limit_) return;
  at_limit_ = true;
  LogWarning("the tables have reached server.memory_limit: {}",
             budget_.at_limit() == AtLimit::kRefuse ? "new keys get no rows any more"
                                                    : "rows are evicted");
}

}  // namespace fathom
