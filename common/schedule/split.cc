#include "common/schedule/split.h"

#include "common/random.h"
#include "common/xxh3.h"

namespace fathom {

double SplitPoint(std::int64_t split_seed, std::span<const std::string_view> fields) {
  std::uint64_t state = Mix64(static_cast<std::uint64_t>(split_seed));
  for (const std::string_view field : fields) state = Mix64(state, Xxh3(field));
  return UnitDouble(state);
}

}  // namespace fathom
