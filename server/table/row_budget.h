// How many rows the partitions may hold (server.memory_limit), and what is done where they hold
// more.
//
// The limit is that of all servers' tables together, an equal share for each partition, so that
// what is evicted depends on the rows alone and not on the number of servers. Pure: no state.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/config/config.h"
#include "common/model/model_spec.h"

namespace fathom {

class RowBudget {
 public:
  // Throws Error(kUsage) where the limit is too small for a few rows of each table.
  RowBudget(const Config& config, const std::vector<TableSpec>& tables);

  bool limited() const { return partition_bytes_ > 0; }
  AtLimit at_limit() const { return at_limit_; }

  // Whether a partition with so many rows (by table) is full.
  bool Full(const std::vector<std::uint64_t>& rows) const;

  // How many of a full partition's rows of each table stay.
  std::vector<std::uint64_t> Keep(const std::vector<std::uint64_t>& rows) const;

 private:
  double BytesOf(const std::vector<std::uint64_t>& rows) const;

  std::vector<double> row_bytes_;  // by table, with the index
  double partition_bytes_ = 0;     // 0: no limit
  AtLimit at_limit_;
};

}  // namespace fathom
