// Adds the slices' dense gradients along the slice tree, as they come, in whatever order.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "common/aligned_vector.h"
#include "common/schedule/slice_tree.h"

namespace fathom {

// Thread-safe. Memory: a gradient for each slice that waits for its sibling, at most one a level
// and thread.
class DenseGradientTree {
 public:
  using Gradient = AlignedVector<float>;

  explicit DenseGradientTree(std::size_t floats) : floats_(floats) {}

  // Starts a batch: the slices are those of `nodes`; global_slices is the whole batch's.
  void Begin(const std::vector<TreeNode>& nodes, std::uint32_t global_slices);

  // A gradient to write one slice's into. What no slice ever writes is 0.
  std::unique_ptr<Gradient> Acquire();

  // Gives the slice's gradient to the tree.
  void Put(std::uint32_t slice, std::unique_ptr<Gradient> gradient);

  // The sum of a node, by its place in `nodes`, once all its slices were put.
  const Gradient& Sum(std::size_t node) const { return *sums_[node]; }

 private:
  void Release(std::unique_ptr<Gradient> gradient);

  std::size_t floats_;
  std::vector<TreeNode> nodes_;
  std::uint32_t global_slices_ = 0;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Gradient>> free_;
  // By level and first slice: sums that wait for their siblings.
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::unique_ptr<Gradient>> waiting_;
  std::vector<std::unique_ptr<Gradient>> sums_;
};

}  // namespace fathom
