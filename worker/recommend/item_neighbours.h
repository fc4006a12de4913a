// Items that the model takes for alike: the cosine of what it has learnt of the catalogue's own
// columns, their pooled embeddings side by side. Exact: all products are made.
#pragma once

#include <atomic>
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
  // Throws Error(kNumeric): an embedding that is no finite number.
  std::vector<Neighbour> Nearest(std::size_t item, std::size_t n,
                                 std::span<const std::size_t> among) const;
  // Among all.
  std::vector<Neighbour> Nearest(std::size_t item, std::size_t n) const;

 private:
  float Cosine(std::size_t a, std::size_t b) const;

  std::size_t width_ = 0;
  std::vector<float> directions_;  // [items x width], of length 1, or all 0
};

// The neighbours of a catalogue that many share, made where they are asked for first. Thread rule:
// any thread, no locks: of two that come first at once both make them, and one's are kept. The
// catalogue must outlive it.
class SharedNeighbours {
 public:
  explicit SharedNeighbours(const Catalogue& catalogue) : catalogue_(catalogue) {}
  ~SharedNeighbours();
  SharedNeighbours(const SharedNeighbours&) = delete;
  SharedNeighbours& operator=(const SharedNeighbours&) = delete;

  const ItemNeighbours& Get();

 private:
  const Catalogue& catalogue_;
  std::atomic<const ItemNeighbours*> made_{nullptr};
};

}  // namespace fathom
