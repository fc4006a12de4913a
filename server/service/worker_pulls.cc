#include "server/service/worker_pulls.h"

#include <algorithm>

namespace fathom {

bool WorkerPulls::IsOpen(std::uint64_t step) const {
  return std::any_of(open_.begin(), open_.end(),
                     [&](const OpenPull& open) { return open.step == step; });
}

std::optional<OpenPull> WorkerPulls::TakeOpen(std::uint64_t step) {
  const auto place = std::find_if(open_.begin(), open_.end(),
                                  [&](const OpenPull& pull) { return pull.step == step; });
  if (place == open_.end()) return std::nullopt;
  OpenPull pull = std::move(*place);
  open_.erase(place);
  return pull;
}

}  // namespace fathom
