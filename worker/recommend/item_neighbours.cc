#include "worker/recommend/item_neighbours.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "common/error.h"

namespace fathom {

ItemNeighbours::ItemNeighbours(const Catalogue& catalogue) {
  const ModelSpec& spec = catalogue.scorer().spec();
  std::vector<std::size_t> offsets(spec.fields.size());
  const auto embedded = [&](std::size_t f) {
    return catalogue.fields()[f].side == FieldSide::kItem && spec.fields[f].dim > 0;
  };
  for (std::size_t f = 0; f < offsets.size(); ++f) {
    offsets[f] = width_;
    if (embedded(f)) width_ += static_cast<std::size_t>(spec.fields[f].dim);
  }
  directions_.resize(catalogue.items() * width_);
  float* directions = directions_.data();
  for (const CatalogueSlice& slice : catalogue.slices()) {
    for (std::size_t f = 0; f < offsets.size(); ++f) {
      if (!embedded(f)) continue;
      const auto dim = static_cast<std::size_t>(spec.fields[f].dim);
      const auto& rows = slice.tables[static_cast<std::size_t>(spec.fields[f].table)].deep;
      for (const CatalogueGroup& group : slice.fields[f].groups) {
        for (std::uint32_t o = group.begin; o < group.end; ++o) {
          float* const to = directions + slice.fields[f].examples[o] * width_ + offsets[f];
          for (std::size_t i = 0; i < dim; ++i)
            to[i] += slice.fields[f].scales[o] * rows[group.of * dim + i];
        }
      }
    }
    directions += slice.examples * width_;
  }
  for (std::size_t item = 0; item < catalogue.items(); ++item) {
    float* const mine = directions_.data() + item * width_;
    const float length = std::sqrt(std::inner_product(mine, mine + width_, mine, 0.0F));
    for (std::size_t i = 0; i < width_ && length > 0; ++i) mine[i] /= length;
  }
}

float ItemNeighbours::Cosine(std::size_t a, std::size_t b) const {
  const float* const from = directions_.data() + a * width_;
  return std::inner_product(from, from + width_, directions_.data() + b * width_, 0.0F);
}

std::vector<Neighbour> ItemNeighbours::Nearest(std::size_t item, std::size_t n,
                                               std::span<const std::size_t> among) const {
  std::vector<Neighbour> all;
  if (Cosine(item, item) == 0) return all;
  for (const std::size_t other : among) {
    if (other == item) continue;
    all.push_back({other, Cosine(item, other)});
    if (!std::isfinite(all.back().cosine))
      Fail(ExitCode::kNumeric,
           "items {} and {}: an embedding is no finite number: the model is damaged, which opening "
           "it with its checksums compared tells",
           item, other);
  }
  n = std::min(n, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n), all.end(),
                    [](const Neighbour& a, const Neighbour& b) {
                      return a.cosine != b.cosine ? a.cosine > b.cosine : a.item < b.item;
                    });
  all.resize(n);
  return all;
}

std::vector<Neighbour> ItemNeighbours::Nearest(std::size_t item, std::size_t n) const {
  std::vector<std::size_t> all(width_ == 0 ? 0 : directions_.size() / width_);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return Nearest(item, n, all);
}

SharedNeighbours::~SharedNeighbours() { delete made_.load(std::memory_order_acquire); }

const ItemNeighbours& SharedNeighbours::Get() {
  if (const ItemNeighbours* const made = made_.load(std::memory_order_acquire)) return *made;
  auto mine = std::make_unique<const ItemNeighbours>(catalogue_);
  const ItemNeighbours* other = nullptr;
  if (made_.compare_exchange_strong(other, mine.get(), std::memory_order_acq_rel))
    return *mine.release();
  return *other;
}

}  // namespace fathom
