#include "common/run/launched_checkpoints.h"

#include <algorithm>
#include <utility>

namespace fathom {

LaunchedCheckpoints::LaunchedCheckpoints(CheckpointDir dir, ResumeFrom resume)
    : dir_(std::move(dir)),
      all_(resume == ResumeFrom::kAuto),
      before_(dir_.Steps()),
      put_aside_before_(dir_.TimesPutAside()) {}

std::optional<std::uint64_t> LaunchedCheckpoints::Newest() const {
  const auto steps = dir_.Steps();
  if (steps.empty()) return std::nullopt;
  const bool new_line = dir_.TimesPutAside() > put_aside_before_;
  const bool was_there = std::binary_search(before_.begin(), before_.end(), steps.back());
  if (!all_ && !new_line && was_there) return std::nullopt;
  return steps.back();
}

}  // namespace fathom
