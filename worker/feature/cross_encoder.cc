#include "worker/feature/cross_encoder.h"

#include <fmt/format.h>

#include <algorithm>

namespace fathom {

CrossEncoder::CrossEncoder(const CrossConfig& cross, const std::vector<ColumnConfig>& columns,
                           std::uint64_t seed)
    : seed_(seed), hash_buckets_(static_cast<std::uint64_t>(cross.hash_buckets)) {
  for (const std::string& name : cross.columns) {
    const auto place = std::find_if(columns.begin(), columns.end(),
                                    [&](const ColumnConfig& c) { return c.name == name; });
    columns_.push_back(static_cast<std::size_t>(place - columns.begin()));
    multivalent_ |= place->kind == ColumnKind::kMultivalent;
  }
}

std::string CrossEncoder::Encode(const std::vector<ColumnEncoder>& encoders,
                                 std::vector<Key>* keys) const {
  std::size_t combinations = 1;
  for (const std::size_t c : columns_) {
    combinations *= encoders[c].keys().size();
    if (combinations > kMaxCombinations) return TooMany();
  }
  for (std::size_t i = 0; i < combinations; ++i) {
    std::uint64_t state = CrossStart(seed_);
    std::size_t rest = i;
    std::size_t stride = combinations;
    for (const std::size_t c : columns_) {
      const std::vector<Key>& of_column = encoders[c].keys();
      stride /= of_column.size();
      state = CrossFold(state, of_column[rest / stride]);
      rest %= stride;
    }
    keys->push_back(CrossFinish(seed_, state, hash_buckets_));
  }
  return {};
}

Key CrossEncoder::KeyOf(std::span<const Key> combination) const {
  std::uint64_t state = CrossStart(seed_);
  for (const Key key : combination) state = CrossFold(state, key);
  return CrossFinish(seed_, state, hash_buckets_);
}

std::string CrossEncoder::TooMany() {
  return fmt::format("a cross has more than {} combinations in this line", kMaxCombinations);
}

}  // namespace fathom
