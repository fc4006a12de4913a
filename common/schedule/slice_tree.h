// The one order of every sum in sync mode.
//
// A global batch is cut into slices 0 .. n-1. A sum over slices is taken along the binary tree
// whose node (level L, i) covers the slices [i * 2^L, (i + 1) * 2^L): a node's sum is the sum of
// its left child plus that of its right child; a child to which nothing contributes is left out,
// so a node with one contributing child has that child's sum. The result depends on the slices
// alone and not on which worker, thread or server did which addition.
//
// A worker that owns the slices [begin, end) adds up the largest whole nodes inside that range
// (TreeNodes) and sends one partial sum a node; the server goes on from there. Both use TreeSum
// below, on slices or on nodes.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/check.h"

namespace fathom {

struct TreeNode {
  std::uint32_t first_slice = 0;
  std::uint32_t level = 0;

  std::uint32_t end_slice() const { return first_slice + (1u << level); }
  friend bool operator==(const TreeNode&, const TreeNode&) = default;
};

// The largest whole nodes that cover [begin, end), ascending. `slices` is the number of slices
// of the batch: the tree's last nodes may reach beyond it, so a range that ends at `slices` may
// be covered by a node that sticks out.
std::vector<TreeNode> TreeNodes(std::uint32_t begin, std::uint32_t end, std::uint32_t slices);

// The slices that worker `worker` of `workers` computes: [first, second).
inline std::pair<std::uint32_t, std::uint32_t> SlicesOfWorker(std::uint32_t slices, int worker,
                                                              int workers) {
  auto cut = [&](int w) {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(slices) * w / workers);
  };
  return {cut(worker), cut(worker + 1)};
}

// The level of the smallest node that holds both slices.
inline int CommonLevel(std::uint32_t a, std::uint32_t b) { return std::bit_width(a ^ b); }

// Adds contributions, given in ascending order of slice, along the tree. `Add(a, b)` must put
// a + b into the accumulator a. A contribution that stands for a whole node is named by the
// node's first slice. Accumulators are named by small indices, below kMaxDepth.
//
//   TreeSum sum;
//   for (each contribution, ascending) {
//     int slot = sum.Push(slice, add);   // add(into, from): slots
//     ... write the contribution into accumulator `slot` ...
//   }
//   sum.Finish(add);                     // the sum is in accumulator 0
class TreeSum {
 public:
  static constexpr int kMaxDepth = 33;

  template <typename Add>
  int Push(std::uint32_t slice, Add&& add) {
    if (depth_ > 0) {
      FATHOM_CHECK(slices_[depth_ - 1] < slice);
      const int level = CommonLevel(slices_[depth_ - 1], slice);
      while (depth_ > 1 && CommonLevel(slices_[depth_ - 2], slices_[depth_ - 1]) < level)
        Merge(add);
    }
    slices_[depth_] = slice;
    return depth_++;
  }

  template <typename Add>
  void Finish(Add&& add) {
    while (depth_ > 1) Merge(add);
    depth_ = 0;
  }

 private:
  template <typename Add>
  void Merge(Add&& add) {
    add(depth_ - 2, depth_ - 1);
    --depth_;
  }

  std::uint32_t slices_[kMaxDepth];
  int depth_ = 0;
};

}  // namespace fathom
