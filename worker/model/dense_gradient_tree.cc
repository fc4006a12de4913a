#include "worker/model/dense_gradient_tree.h"

#include <algorithm>

#include "common/check.h"
#include "common/vector_clones.h"

namespace fathom {
namespace {

FATHOM_VECTOR_CLONES
void Add(const float* __restrict from, std::size_t n, float* __restrict into) {
  for (std::size_t i = 0; i < n; ++i) into[i] += from[i];
}

}  // namespace

void DenseGradientTree::Begin(const std::vector<TreeNode>& nodes, std::uint32_t global_slices) {
  const std::lock_guard lock(mutex_);
  FATHOM_CHECK(waiting_.empty());
  for (auto& sum : sums_) {
    if (sum) free_.push_back(std::move(sum));
  }
  nodes_ = nodes;
  global_slices_ = global_slices;
  sums_.clear();
  sums_.resize(nodes.size());
}

std::unique_ptr<DenseGradientTree::Gradient> DenseGradientTree::Acquire() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return std::make_unique<Gradient>(floats_);
  auto gradient = std::move(free_.back());
  free_.pop_back();
  return gradient;
}

void DenseGradientTree::Release(std::unique_ptr<Gradient> gradient) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(gradient));
}

void DenseGradientTree::Put(std::uint32_t slice, std::unique_ptr<Gradient> gradient) {
  const auto node = std::find_if(nodes_.begin(), nodes_.end(), [&](const TreeNode& n) {
    return n.first_slice <= slice && slice < n.end_slice();
  });
  FATHOM_CHECK(node != nodes_.end());
  std::uint32_t first = slice;
  for (std::uint32_t level = 0; level < node->level; ++level) {
    const std::uint32_t sibling = first ^ (1U << level);
    const std::uint32_t parent = std::min(first, sibling);
    if (sibling < global_slices_) {
      std::unique_ptr<Gradient> other;
      {
        const std::lock_guard lock(mutex_);
        const auto found = waiting_.find({level, sibling});
        if (found == waiting_.end()) {
          waiting_[{level, first}] = std::move(gradient);
          return;
        }
        other = std::move(found->second);
        waiting_.erase(found);
      }
      if (sibling < first) std::swap(gradient, other);
      Add(other->data(), floats_, gradient->data());
      Release(std::move(other));
    }
    first = parent;
  }
  const std::lock_guard lock(mutex_);
  sums_[static_cast<std::size_t>(node - nodes_.begin())] = std::move(gradient);
}

}  // namespace fathom
