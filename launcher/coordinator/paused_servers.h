// Finds the step at which a run that was asked to stop ends. Every server pauses and names the
// first step that it has not begun; at the highest of these steps all servers can save the model.
// Thread rule: the coordinator's thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace fathom {

class PausedServers {
 public:
  explicit PausedServers(int servers) : paused_(static_cast<std::size_t>(servers), false) {}

  // False: this server has paused already.
  bool Add(int server, std::uint64_t first_not_begun) {
    if (paused_[static_cast<std::size_t>(server)]) return false;
    paused_[static_cast<std::size_t>(server)] = true;
    step_ = std::max(step_, first_not_begun);
    return true;
  }

  bool complete() const {
    return std::find(paused_.begin(), paused_.end(), false) == paused_.end();
  }

  std::uint64_t step() const { return step_; }

 private:
  std::vector<bool> paused_;
  std::uint64_t step_ = 0;
};

}  // namespace fathom
