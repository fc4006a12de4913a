#include "worker/model/dense_gradient_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "common/random.h"

namespace fathom {
namespace {

float SliceValue(std::uint32_t slice) {
  return static_cast<float>(UnitDouble(Mix64(7, slice)) - 0.5) * (slice % 3 == 0 ? 1e4F : 1.0F);
}

// The tree by its definition.
float NodeSum(std::uint32_t first, std::uint32_t level, std::uint32_t slices) {
  if (level == 0) return SliceValue(first);
  const std::uint32_t right = first + (1U << (level - 1));
  const float left_sum = NodeSum(first, level - 1, slices);
  return right < slices ? left_sum + NodeSum(right, level - 1, slices) : left_sum;
}

TEST(DenseGradientTree, SumsAreTheTreesInWhateverOrderSlicesCome) {
  std::mt19937 shuffle(3);
  for (const std::uint32_t slices : {1U, 2U, 3U, 5U, 8U, 13U}) {
    for (std::uint32_t begin = 0; begin < slices; ++begin) {
      for (std::uint32_t end = begin + 1; end <= slices; ++end) {
        const auto nodes = TreeNodes(begin, end, slices);
        DenseGradientTree tree(2);
        std::vector<std::uint32_t> order;
        for (std::uint32_t s = begin; s < end; ++s) order.push_back(s);
        std::shuffle(order.begin(), order.end(), shuffle);
        tree.Begin(nodes, slices);
        for (const std::uint32_t s : order) {
          auto gradient = tree.Acquire();
          *gradient = {SliceValue(s), 2 * SliceValue(s)};
          tree.Put(s, std::move(gradient));
        }
        for (std::size_t n = 0; n < nodes.size(); ++n) {
          EXPECT_EQ(tree.Sum(n)[0], NodeSum(nodes[n].first_slice, nodes[n].level, slices))
              << slices << " slices, node " << n;
          EXPECT_EQ(tree.Sum(n)[1], 2 * tree.Sum(n)[0]);
        }
      }
    }
  }
}

}  // namespace
}  // namespace fathom
