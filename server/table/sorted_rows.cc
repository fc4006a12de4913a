#include "server/table/sorted_rows.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "common/key.h"
#include "server/table/row_store.h"

namespace fathom {
namespace {

struct KeyedRow {
  Key key;
  const float* row;
};

bool Before(const KeyedRow& a, const KeyedRow& b) { return a.key < b.key; }

// Keys are hashes, so their next bits cut the rows into heaps of a few each: one pass to spread
// them, and short sorts within the cache.
void Sort(std::vector<KeyedRow>& rows, int partition_bits, const Alive& alive) {
  constexpr std::size_t kRowsPerHeap = 16;
  constexpr std::size_t kHeapsBetweenSigns = kRowsBetweenSigns / kRowsPerHeap;
  const int heap_bits = std::bit_width(rows.size() / kRowsPerHeap);
  if (heap_bits == 0) return std::sort(rows.begin(), rows.end(), Before);
  const auto heap = [&](Key key) { return key << partition_bits >> (64 - heap_bits); };
  std::vector<std::size_t> ends((std::size_t{1} << heap_bits) + 1);
  for (const KeyedRow& row : rows) ++ends[heap(row.key) + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<KeyedRow> spread(rows.size());
  alive();
  for (const KeyedRow& row : rows) spread[ends[heap(row.key)]++] = row;
  for (std::size_t h = 0, begin = 0; h + 1 < ends.size(); begin = ends[h++]) {
    if (h % kHeapsBetweenSigns == 0) alive();
    std::sort(spread.begin() + static_cast<std::ptrdiff_t>(begin),
              spread.begin() + static_cast<std::ptrdiff_t>(ends[h]), Before);
  }
  rows.swap(spread);
}

}  // namespace

std::vector<const float*> SortedByKey(const std::vector<const float*>& rows, Partitions cut,
                                      const Alive& alive) {
  std::vector<KeyedRow> keyed;
  keyed.reserve(rows.size());
  for (const float* const row : rows) {
    if (keyed.size() % kRowsBetweenSigns == 0) alive();  // keys may have to come from a disk
    keyed.push_back({RowStore::KeyOf(row), row});
  }
  Sort(keyed, cut.bits(), alive);
  std::vector<const float*> sorted;
  sorted.reserve(rows.size());
  for (const KeyedRow& row : keyed) sorted.push_back(row.row);
  return sorted;
}

}  // namespace fathom
