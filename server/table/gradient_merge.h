// Adds up the gradients of one table's rows, over all workers, along the slice tree.
//
// Each source is one tree node's gradients: rows in ascending order of key. The sources are
// merged by key, and the partial sums of one row are added by TreeSum, so the sums do not depend
// on how the slices were split between workers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/key.h"
#include "common/message/push_message.h"
#include "common/model/model_spec.h"
#include "common/schedule/slice_tree.h"

namespace fathom {

struct GradientSource {
  std::uint32_t first_slice = 0;  // of the node
  std::span<const Key> keys;      // of the pull that the push refers to
  std::span<float* const> rows;   // of those keys
  const PushMessage::Table* gradients = nullptr;

  std::size_t Position(std::size_t i) const { return gradients->all ? i : gradients->positions[i]; }
};

struct MergedRow {
  Key key = 0;
  float* row = nullptr;
  float wide = 0;               // the sums, if the table is wide
  std::span<const float> deep;  // [dim]; valid until the next call of Next
};

class GradientMerge {
 public:
  explicit GradientMerge(RowFormat format = RowFormat::kFloat32)
      : rounds_(format == RowFormat::kBfloat16) {}

  // Begins a table. The sources come in ascending order of slice and stay until the last Next.
  void Begin(const TableSpec& spec, std::vector<GradientSource> sources);

  // The next row in order of key; false: there are no more.
  bool Next(MergedRow* row);

  // Rows that come soon, for the caller to prefetch: a block of them now and then, none in between.
  std::span<const float* const> Ahead();

 private:
  // One source's gradient of one row.
  struct Entry {
    Key key;
    std::uint32_t source;
    std::uint32_t index;  // among the source's gradients
  };

  void MergeRuns(std::vector<std::size_t> run_ends);
  float WideOf(const Entry& entry) const;
  const float* DeepOf(const Entry& entry) const;
  float* DeepSum(int slot) { return deep_sums_.data() + static_cast<std::size_t>(slot) * dim_; }

  std::vector<GradientSource> sources_;
  bool rounds_;  // each sum to bfloat16
  bool wide_ = false;
  std::size_t dim_ = 0;
  std::vector<Entry> entries_;  // by key, then by slice
  std::vector<Entry> merged_;   // where MergeRuns puts its result before the two change places
  std::size_t at_ = 0;
  std::size_t ahead_ = 0;  // of entries_: given by Ahead up to here
  std::vector<const float*> rows_ahead_;
  std::vector<float> deep_sums_;  // [TreeSum::kMaxDepth x dim]
  float wide_sums_[TreeSum::kMaxDepth] = {};
};

// Checks that the nodes cover the slices [0, slices) exactly once; only the last may reach beyond.
// Throws Error(kPeer) that names the slice that is missing or there twice.
void CheckCoverage(std::uint64_t step, std::vector<TreeNode> nodes, std::uint32_t slices);

}  // namespace fathom
