#include "server/table/eviction.h"

#include <algorithm>

#include "common/check.h"
#include "common/model/row_state.h"

namespace fathom {

Leaving LowestRows(const RowStore& rows, std::uint64_t keep,
                   const std::function<double(const float* state)>& score) {
  FATHOM_CHECK(rows.size() > keep);
  struct Scored {
    double score;
    Key key;
    std::uint32_t row;
  };
  std::vector<Scored> scored;
  scored.reserve(rows.size());
  for (std::uint32_t i = 0; i < rows.size(); ++i)
    scored.push_back({score(rows.state(i)), RowStore::KeyOf(rows.state(i)), i});
  Leaving leaving{.rows = std::vector<bool>(rows.size()),
                  .count = static_cast<std::uint32_t>(rows.size() - keep)};
  std::nth_element(scored.begin(), scored.begin() + leaving.count, scored.end(),
                   [](const Scored& a, const Scored& b) {
                     return a.score != b.score ? a.score < b.score : a.key < b.key;
                   });
  for (std::uint32_t i = 0; i < leaving.count; ++i) leaving.rows[scored[i].row] = true;
  return leaving;
}

Leaving UnusedRows(const RowStore& rows, const TableSpec& spec, std::uint64_t step,
                   std::int64_t unused_steps) {
  Leaving leaving{.rows = std::vector<bool>(rows.size())};
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    // Modulo 2^32, and below 0 where an async batch of an earlier step came after a later one.
    const auto age = static_cast<std::int32_t>(static_cast<std::uint32_t>(step) -
                                               LastStepOf(spec, rows.state(i)));
    leaving.rows[i] = age >= unused_steps;
    leaving.count += leaving.rows[i] ? 1 : 0;
  }
  return leaving;
}

}  // namespace fathom
