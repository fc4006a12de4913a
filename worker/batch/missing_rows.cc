#include "worker/batch/missing_rows.h"

namespace fathom {

void MissingRows::Add(const Batch& batch, const PulledRows& rows) {
  for (std::size_t t = 0; t < batch.tables.size(); ++t) {
    const TableBatch& table = batch.tables[t];
    const std::vector<std::uint8_t>& has_row = rows.tables[t].has_row;
    for (std::uint32_t s = 0; s < batch.slices; ++s) {
      for (std::size_t f = 0; f < batch.fields; ++f) {
        const auto [begin, end] = batch.SegmentsOf(t, s, f);
        for (std::uint32_t i = begin; i < end; ++i) {
          const Segment& segment = table.segments[i];
          const std::uint32_t count = segment.end - segment.begin;
          values[f] += count;
          if (has_row[segment.row] == 0) without_row[f] += count;
        }
      }
    }
  }
}

}  // namespace fathom
