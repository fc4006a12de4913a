// Items that the model takes for alike: the cosine of what it has learnt of the catalogue's own
// columns, their pooled embeddings side by side. Exact: all products are made.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "worker/predict/catalogue.h"

namespace fathom {

struct Neighbour {
  std::size_t item = 0;
  float cosine = 0;
};

// Thread rule: immutable once made.
class ItemNeighbours {
 public:
  explicit ItemNeighbours(const Catalogue& catalogue);

  // The `n` nearest to an item, nearest first, of equal ones the earlier, without itself. `among`:
  // the places that may be named. None where the model has learnt nothing of the item.
  std::vector<Neighbour> Nearest(std::size_t item, std::size_t n,
                                 std::span<const std::size_t> among) const;
  // Among all.
  std::vector<Neighbour> Nearest(std::size_t item, std::size_t n) const;

 private:
  float Cosine(std::size_t a, std::size_t b) const;

  std::size_t width_ = 0;
  std::vector<float> directions_;  // [items x width], of length 1, or all 0
};

}  // namespace fathom
