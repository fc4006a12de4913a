#include "common/schedule/slice_tree.h"

namespace fathom {

std::vector<TreeNode> TreeNodes(std::uint32_t begin, std::uint32_t end, std::uint32_t slices) {
  FATHOM_CHECK(begin <= end && end <= slices);
  std::vector<TreeNode> nodes;
  while (begin < end) {
    std::uint32_t level = 0;
    // A node may grow while it stays aligned and inside the range; beyond the last slice there
    // is nothing, so there the range has no end.
    while (level < 31) {
      const std::uint32_t size = 1u << (level + 1);
      const bool aligned = begin % size == 0;
      const bool inside = begin + size <= end || end == slices;
      const bool useful = begin + (size >> 1) < end;
      if (!aligned || !inside || !useful) break;
      ++level;
    }
    nodes.push_back({begin, level});
    begin += 1u << level;
  }
  return nodes;
}

}  // namespace fathom
