#include "server/table/gradient_merge.h"

#include <algorithm>
#include <utility>

#include "common/bfloat16.h"
#include "common/check.h"
#include "common/error.h"
#include "common/vector_clones.h"

namespace fathom {
namespace {

// Whose rows are prefetched together. With 16, training on a million rows is some 15 % slower.
constexpr std::size_t kBlockEntries = 8;

}  // namespace

void GradientMerge::Begin(const TableSpec& spec, std::vector<GradientSource> sources) {
  sources_ = std::move(sources);
  wide_ = spec.wide;
  dim_ = static_cast<std::size_t>(spec.dim);
  deep_sums_.resize(TreeSum::kMaxDepth * dim_);
  at_ = 0;
  ahead_ = 0;
  entries_.clear();
  std::vector<std::size_t> run_ends;
  for (std::uint32_t s = 0; s < sources_.size(); ++s) {
    const GradientSource& source = sources_[s];
    FATHOM_CHECK(s == 0 || sources_[s - 1].first_slice < source.first_slice);
    for (std::uint32_t i = 0; i < source.gradients->count; ++i) {
      entries_.push_back({source.keys[source.Position(i)], s, i});
    }
    run_ends.push_back(entries_.size());
  }
  MergeRuns(std::move(run_ends));
}

// Merges neighbouring runs, two by two, until one is left. Merging is stable, so entries of one
// key stay in order of slice.
void GradientMerge::MergeRuns(std::vector<std::size_t> run_ends) {
  const auto by_key = [](const Entry& a, const Entry& b) { return a.key < b.key; };
  while (run_ends.size() > 1) {
    merged_.resize(entries_.size());
    std::vector<std::size_t> ends;
    std::size_t begin = 0;
    for (std::size_t run = 0; run < run_ends.size(); run += 2) {
      const Entry* const first = entries_.data() + begin;
      const Entry* const middle = entries_.data() + run_ends[run];
      const std::size_t end = run + 1 < run_ends.size() ? run_ends[run + 1] : run_ends[run];
      std::merge(first, middle, middle, static_cast<const Entry*>(entries_.data()) + end,
                 merged_.data() + begin, by_key);
      ends.push_back(end);
      begin = end;
    }
    std::swap(entries_, merged_);
    run_ends = std::move(ends);
  }
}

FATHOM_VECTOR_CLONES
bool GradientMerge::Next(MergedRow* row) {
  if (at_ == entries_.size()) return false;
  const Entry& first = entries_[at_];
  std::size_t end = at_ + 1;
  while (end < entries_.size() && entries_[end].key == first.key) ++end;
  const GradientSource& source = sources_[first.source];
  row->key = first.key;
  row->row = source.rows[source.Position(first.index)];
  if (end == at_ + 1) {  // one node alone touches this row
    row->wide = WideOf(first);
    row->deep = {DeepOf(first), dim_};
    at_ = end;
    return true;
  }
  const auto add = [&](int into, int from) {
    wide_sums_[into] += wide_sums_[from];
    float* const a = DeepSum(into);
    const float* const b = DeepSum(from);
    for (std::size_t i = 0; i < dim_; ++i) a[i] += b[i];
    if (!rounds_) return;
    wide_sums_[into] = RoundedToBfloat16(wide_sums_[into]);
    for (std::size_t i = 0; i < dim_; ++i) a[i] = RoundedToBfloat16(a[i]);
  };
  TreeSum sum;
  for (; at_ < end; ++at_) {
    const Entry& entry = entries_[at_];
    const int slot = sum.Push(sources_[entry.source].first_slice, add);
    wide_sums_[slot] = WideOf(entry);
    std::copy_n(DeepOf(entry), dim_, DeepSum(slot));
  }
  sum.Finish(add);
  row->wide = wide_sums_[0];
  row->deep = {DeepSum(0), dim_};
  return true;
}

std::span<const float* const> GradientMerge::Ahead() {
  ahead_ = std::max(ahead_, at_);
  if (ahead_ > at_ + kBlockEntries) return {};
  rows_ahead_.clear();
  const std::size_t end = std::min(ahead_ + kBlockEntries, entries_.size());
  for (; ahead_ < end; ++ahead_) {
    const Entry& entry = entries_[ahead_];
    const GradientSource& source = sources_[entry.source];
    rows_ahead_.push_back(source.rows[source.Position(entry.index)]);
  }
  return rows_ahead_;
}

float GradientMerge::WideOf(const Entry& entry) const {
  return wide_ ? sources_[entry.source].gradients->wide[entry.index] : 0;
}

const float* GradientMerge::DeepOf(const Entry& entry) const {
  return sources_[entry.source].gradients->deep.data() + entry.index * dim_;
}

void CheckCoverage(std::uint64_t step, std::vector<TreeNode> nodes, std::uint32_t slices) {
  std::sort(nodes.begin(), nodes.end(),
            [](const TreeNode& a, const TreeNode& b) { return a.first_slice < b.first_slice; });
  std::uint64_t covered = 0;
  for (const TreeNode& node : nodes) {
    if (node.first_slice < covered) {
      Fail(ExitCode::kPeer, "step {}: slice {} came from two workers", step, node.first_slice);
    }
    if (node.first_slice > covered) break;
    covered = node.first_slice + (std::uint64_t{1} << node.level);
  }
  if (covered < slices) {
    Fail(ExitCode::kPeer, "step {}: no worker sent gradients of slice {} of {}", step, covered,
         slices);
  }
}

}  // namespace fathom
