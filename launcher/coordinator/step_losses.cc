#include "launcher/coordinator/step_losses.h"

#include <algorithm>
#include <cmath>

#include "common/error.h"

namespace fathom {

bool StepLosses::Add(std::uint64_t step, std::uint32_t first_slice, std::span<const double> losses,
                     std::span<const double> weights) {
  if (step < finished_ || step >= schedule_.steps()) {
    Fail(ExitCode::kPeer, "coordinator: losses of step {} came after step {} of {}", step,
         finished_, schedule_.steps());
  }
  const std::uint32_t slices = schedule_.Plan(step).slices;
  if (first_slice > slices || losses.size() > slices - first_slice) {
    Fail(ExitCode::kPeer, "coordinator: step {} has {} slices, losses came for {} from {}", step,
         slices, losses.size(), first_slice);
  }
  OpenStep& open = open_[step];
  open.by_slice.resize(slices, NAN);
  const auto place = open.by_slice.begin() + first_slice;
  const auto end = place + static_cast<std::ptrdiff_t>(losses.size());
  if (!std::all_of(place, end, [](double loss) { return std::isnan(loss); })) return false;
  std::copy(losses.begin(), losses.end(), place);
  if (!weights.empty()) {
    open.weights.resize(slices);
    std::copy(weights.begin(), weights.end(), open.weights.begin() + first_slice);
  }
  open.slices_in += static_cast<std::uint32_t>(losses.size());
  return true;
}

std::optional<FinishedStep> StepLosses::TakeFinished() {
  const auto first = open_.begin();
  if (first == open_.end() || first->first != finished_) return std::nullopt;
  const StepPlan plan = schedule_.Plan(finished_);
  if (first->second.slices_in < plan.slices) return std::nullopt;
  FinishedStep done{.step = finished_, .examples = plan.examples};
  for (const double slice : first->second.by_slice) done.loss_sum += slice;
  for (const double slice : first->second.weights) done.weight_sum += slice;
  if (first->second.weights.empty()) done.weight_sum = plan.examples;
  open_.erase(first);
  ++finished_;
  return done;
}

}  // namespace fathom
