#include "worker/feature/cross_encoder.h"

#include <fmt/format.h>

#include <algorithm>

namespace fathom {
namespace {

constexpr std::size_t kMaxCombinations = 4096;  // of one cross in one example

}  // namespace

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

// Calls take(column, which of its keys) for each column of a combination.
template <typename Take>
void CrossEncoder::ForEachPart(const std::vector<ColumnEncoder>& encoders, std::size_t combination,
                               std::size_t combinations, Take take) const {
  std::size_t stride = combinations;
  for (const std::size_t c : columns_) {
    stride /= encoders[c].keys().size();
    take(c, combination / stride);
    combination %= stride;
  }
}

std::string CrossEncoder::Encode(const std::vector<ColumnEncoder>& encoders,
                                 std::vector<Key>* keys) const {
  std::size_t combinations = 1;
  for (const std::size_t c : columns_) {
    combinations *= encoders[c].keys().size();
    if (combinations > kMaxCombinations)
      return fmt::format("a cross has more than {} combinations in this line", kMaxCombinations);
  }
  for (std::size_t i = 0; i < combinations; ++i) {
    std::uint64_t state = CrossStart(seed_);
    ForEachPart(encoders, i, combinations, [&](std::size_t c, std::size_t key) {
      state = CrossFold(state, encoders[c].keys()[key]);
    });
    keys->push_back(CrossFinish(seed_, state, hash_buckets_));
  }
  return {};
}

void CrossEncoder::AddNames(const std::vector<ColumnEncoder>& encoders,
                            std::vector<std::string>* names) const {
  std::size_t combinations = 1;
  for (const std::size_t c : columns_) combinations *= encoders[c].keys().size();
  for (std::size_t i = 0; i < combinations; ++i) {
    std::string name;
    ForEachPart(encoders, i, combinations, [&](std::size_t c, std::size_t key) {
      if (c != columns_.front()) name += " x ";
      name += encoders[c].names()[key];
    });
    names->push_back(std::move(name));
  }
}

}  // namespace fathom
