#include "common/schedule/slice_tree.h"

#include <gtest/gtest.h>

#include <string>

#include "common/random.h"

namespace fathom {
namespace {

// Additions written out, so that two sums are equal only if every addition is.
std::string Sum(const std::string& a, const std::string& b) { return "(" + a + "+" + b + ")"; }

// The definition in slice_tree.h, by recursion. Empty: nothing contributes.
std::string TreeByDefinition(const std::vector<std::string>& leaves, std::size_t begin,
                             std::size_t size) {
  if (begin >= leaves.size()) return "";
  if (size == 1) return leaves[begin];
  const std::string left = TreeByDefinition(leaves, begin, size / 2);
  const std::string right = TreeByDefinition(leaves, begin + size / 2, size / 2);
  if (left.empty() || right.empty()) return left + right;
  return Sum(left, right);
}

std::string TreeByDefinition(const std::vector<std::string>& leaves) {
  return TreeByDefinition(leaves, 0, std::bit_ceil(std::max<std::size_t>(leaves.size(), 1)));
}

struct Contribution {
  std::uint32_t slice;
  std::string value;
};

std::string TreeBySum(const std::vector<Contribution>& contributions) {
  std::vector<std::string> slots(TreeSum::kMaxDepth);
  TreeSum sum;
  const auto add = [&](int into, int from) { slots[into] = Sum(slots[into], slots[from]); };
  for (const Contribution& c : contributions) slots[sum.Push(c.slice, add)] = c.value;
  sum.Finish(add);
  return slots[0];
}

std::vector<Contribution> Present(const std::vector<std::string>& leaves) {
  std::vector<Contribution> present;
  for (std::uint32_t s = 0; s < leaves.size(); ++s) {
    if (!leaves[s].empty()) present.push_back({s, leaves[s]});
  }
  return present;
}

TEST(TreeSum, EverySubsetOfUpToTenSlices) {
  for (std::uint32_t slices = 1; slices <= 10; ++slices) {
    for (std::uint32_t subset = 1; subset < 1U << slices; ++subset) {
      std::vector<std::string> leaves(slices);
      for (std::uint32_t s = 0; s < slices; ++s) {
        if ((subset >> s & 1) != 0) leaves[s] = std::to_string(s);
      }
      ASSERT_EQ(TreeBySum(Present(leaves)), TreeByDefinition(leaves))
          << slices << " slices, subset " << subset;
    }
  }
}

TEST(TreeSum, OneContributionIsTheSum) { EXPECT_EQ(TreeBySum({{5, "x"}}), "x"); }

TEST(TreeSum, FarthestSlices) {
  EXPECT_EQ(TreeBySum({{0, "a"}, {1, "b"}, {1U << 31, "c"}, {UINT32_MAX, "d"}}), "((a+b)+(c+d))");
}

TEST(TreeSum, DepthStaysBelowTheLimit) {
  TreeSum sum;
  int deepest = 0;
  const auto none = [](int, int) {};
  // Each slice is the first of the right half of what is left: nothing merges before the end.
  std::uint32_t slice = 0;
  for (int level = 31; level >= 0; --level) {
    deepest = std::max(deepest, sum.Push(slice, none));
    slice |= 1U << level;
  }
  deepest = std::max(deepest, sum.Push(slice, none));
  EXPECT_EQ(deepest, TreeSum::kMaxDepth - 1);
  sum.Finish(none);
  EXPECT_EQ(sum.Push(0, none), 0) << "another sum begins";
}

// Workers add up their nodes and the server the nodes: the same additions as one worker's.
TEST(TreeSum, NodesOfAnyNumberOfWorkersGiveTheSameAdditions) {
  for (std::uint32_t slices = 1; slices <= 40; ++slices) {
    for (int workers = 1; workers <= 9; ++workers) {
      std::vector<std::string> leaves(slices);
      for (std::uint32_t s = 0; s < slices; ++s) {
        if (Mix64(slices, s) % 4 != 0) leaves[s] = std::to_string(s);  // some contribute nothing
      }
      std::vector<Contribution> at_server;
      for (int w = 0; w < workers; ++w) {
        const auto [begin, end] = SlicesOfWorker(slices, w, workers);
        for (const TreeNode& node : TreeNodes(begin, end, slices)) {
          std::vector<Contribution> mine;
          for (const Contribution& c : Present(leaves)) {
            if (c.slice >= node.first_slice && c.slice < node.end_slice()) mine.push_back(c);
          }
          if (!mine.empty()) at_server.push_back({node.first_slice, TreeBySum(mine)});
        }
      }
      ASSERT_EQ(TreeBySum(at_server), TreeByDefinition(leaves))
          << slices << " slices, " << workers << " workers";
    }
  }
}

TEST(TreeNodes, CoverTheRangeOnceWithTheLargestWholeNodes) {
  for (std::uint32_t slices = 1; slices <= 24; ++slices) {
    for (std::uint32_t begin = 0; begin <= slices; ++begin) {
      for (std::uint32_t end = begin; end <= slices; ++end) {
        const auto nodes = TreeNodes(begin, end, slices);
        std::uint32_t at = begin;
        for (std::size_t i = 0; i < nodes.size(); ++i) {
          ASSERT_EQ(nodes[i].first_slice, at);
          ASSERT_EQ(at % (1U << nodes[i].level), 0U);
          at = nodes[i].end_slice();
          // Two halves of one node would have been that node.
          if (i == 0) continue;
          ASSERT_FALSE(nodes[i - 1].level == nodes[i].level &&
                       nodes[i - 1].first_slice % (2U << nodes[i].level) == 0);
        }
        ASSERT_TRUE(at == end || (end == slices && at > end))
            << begin << " to " << end << " of " << slices;
      }
    }
  }
}

TEST(TreeNodes, ByHand) {
  EXPECT_EQ(TreeNodes(0, 8, 8), (std::vector<TreeNode>{{0, 3}}));
  EXPECT_EQ(TreeNodes(1, 7, 8), (std::vector<TreeNode>{{1, 0}, {2, 1}, {4, 1}, {6, 0}}));
  EXPECT_EQ(TreeNodes(0, 5, 5), (std::vector<TreeNode>{{0, 3}}));
  EXPECT_EQ(TreeNodes(4, 7, 7), (std::vector<TreeNode>{{4, 2}}));
  EXPECT_EQ(TreeNodes(0, 3, 8), (std::vector<TreeNode>{{0, 1}, {2, 0}}));
  EXPECT_TRUE(TreeNodes(3, 3, 8).empty());
}

TEST(SlicesOfWorker, CutTheBatchWithoutGaps) {
  for (std::uint32_t slices = 0; slices <= 20; ++slices) {
    for (int workers = 1; workers <= 7; ++workers) {
      std::uint32_t at = 0;
      for (int w = 0; w < workers; ++w) {
        const auto [begin, end] = SlicesOfWorker(slices, w, workers);
        EXPECT_EQ(begin, at);
        EXPECT_LE(end - begin, slices / static_cast<std::uint32_t>(workers) + 1);
        at = end;
      }
      EXPECT_EQ(at, slices);
    }
  }
}

}  // namespace
}  // namespace fathom
