// The losses of the steps at hand, as the workers report them: by slice, in any order. A step
// leaves when all its slices and all steps before it are in.
//
// A plain state machine: no clock, no peer. Thread rule: the coordinator's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "common/schedule/schedule.h"

namespace fathom {

struct FinishedStep {
  std::uint64_t step = 0;
  std::uint32_t examples = 0;
  double loss_sum = 0;    // of them, each before its update; added in order of slice
  double weight_sum = 0;  // of their weights
};

class StepLosses {
 public:
  // All steps below `first_step` are finished.
  StepLosses(const Schedule& schedule, std::uint64_t first_step)
      : schedule_(schedule), finished_(first_step) {}

  // Losses of slices from `first_slice` on, and their examples' weights; empty: all are 1. Throws
  // Error(kPeer) where the step is none of those that are awaited, or has no such slices. False:
  // some of these came already.
  bool Add(std::uint64_t step, std::uint32_t first_slice, std::span<const double> losses,
           std::span<const double> weights = {});

  // The next step that is whole.
  std::optional<FinishedStep> TakeFinished();

  // All steps below are finished.
  std::uint64_t finished() const { return finished_; }

  // Whether no step is there in part.
  bool empty() const { return open_.empty(); }

 private:
  struct OpenStep {
    std::vector<double> by_slice;  // NaN until it comes
    std::vector<double> weights;   // by slice; empty: all are 1
    std::uint32_t slices_in = 0;
  };

  const Schedule& schedule_;
  std::map<std::uint64_t, OpenStep> open_;
  std::uint64_t finished_;
};

}  // namespace fathom
