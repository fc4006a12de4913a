#include "server/table/table_room.h"

#include <cmath>

#include "common/error.h"
#include "server/table/row_index.h"

namespace fathom {
namespace {

// The rows of a partition spread about their mean as a Poisson number. Of 4,096 partitions one
// exceeds so many standard deviations in one of 10^5 tables.
constexpr double kDeviations = 6;

}  // namespace

bool HasRoom(double rows, Partitions cut) {
  const double mean = rows / cut.count();
  return mean + kDeviations * std::sqrt(mean) <= RowIndex::kMaxRows;
}

std::string HowToMakeRoom(double rows, Partitions cut) {
  std::int64_t more = 2 * std::int64_t{cut.count()};
  while (Partitions::MayBe(more) && !HasRoom(rows, Partitions(more))) more *= 2;
  if (Partitions::MayBe(more)) return fmt::format("set server.partitions = {}", more);
  return fmt::format(
      "server.partitions = {} has the most room there is: fold rare values together (min_count, "
      "hash_buckets), or give columns other dimensions (dim), which makes them tables of their own",
      Partitions::kMost);
}

void CheckRoom(const TableSpec& table, double rows, Partitions cut) {
  if (HasRoom(rows, cut)) return;
  Fail(ExitCode::kUsage,
       "table {} will have about {:.3g} rows, server.partitions = {} has room for {:.3g}: {}",
       table.name, rows, cut.count(), static_cast<double>(RowIndex::kMaxRows) * cut.count(),
       HowToMakeRoom(rows, cut));
}

}  // namespace fathom
