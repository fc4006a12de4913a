#include "server/table/row_budget.h"

#include "common/byte_size.h"
#include "common/error.h"
#include "common/partitions.h"
#include "server/table/row_store.h"

namespace fathom {
namespace {

constexpr double kIndexBytes = 6.25;  // of a row, at most
// A step's new rows may come on top before it is looked at again; what is evicted at once makes
// room for many steps.
constexpr double kFullShare = 0.95;
constexpr double kKeptShare = 0.85;

}  // namespace

RowBudget::RowBudget(const Config& config, const std::vector<TableSpec>& tables)
    : at_limit_(config.server.at_limit) {
  for (const TableSpec& table : tables) row_bytes_.push_back(table.row_bytes() + kIndexBytes);
  if (!config.server.memory_limit.given() || !config.server.cold_tier.empty()) return;
  const double limit = config.server.memory_limit.bytes();
  // Each partition's last slab of each table is counted as full.
  double slabs = 0;
  for (const TableSpec& table : tables) slabs += RowStore::kSlabRows * table.row_bytes();
  const double partitions = Partitions(config.server.partitions).count();
  partition_bytes_ = limit / partitions - slabs;
  if (partition_bytes_ >= slabs) return;
  Fail(ExitCode::kUsage,
       "server.memory_limit = \"{}\" is too little: the tables of this model need {:.0f} MB before "
       "it can be kept in server.partitions = {}",
       config.server.memory_limit.text(), 2 * partitions * slabs / 1e6, config.server.partitions);
}

double RowBudget::BytesOf(const std::vector<std::uint64_t>& rows) const {
  double bytes = 0;
  for (std::size_t t = 0; t < rows.size(); ++t)
    bytes += static_cast<double>(rows[t]) * row_bytes_[t];
  return bytes;
}

bool RowBudget::Full(const std::vector<std::uint64_t>& rows) const {
  return limited() && BytesOf(rows) > kFullShare * partition_bytes_;
}

std::vector<std::uint64_t> RowBudget::Keep(const std::vector<std::uint64_t>& rows) const {
  const double share = kKeptShare * partition_bytes_ / BytesOf(rows);
  std::vector<std::uint64_t> keep;
  for (const std::uint64_t of_table : rows)
    keep.push_back(share < 1 ? static_cast<std::uint64_t>(static_cast<double>(of_table) * share)
                             : of_table);
  return keep;
}

}  // namespace fathom
