// The pulls of one worker: those that wait until the rows hold the right batches, and those that
// were answered and whose push has not come. A plain state machine: no clock, no peer. Thread rule:
// the server's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "common/net/mailbox.h"
#include "server/shard/shard.h"

namespace fathom {

// A pull whose version is still to come.
struct WaitingPull {
  std::uint64_t step = 0;
  PendingPull pull;
};

// A pull for a batch that is being computed.
struct OpenPull {
  std::uint64_t step = 0;
  PendingPull pull;
  std::uint64_t updates = 0;  // that the rows had seen
  Clock::time_point answered;
};

class WorkerPulls {
 public:
  // A worker asks for the batch at hand, for the one after it, and for an evaluation.
  static constexpr std::size_t kMaxWaiting = 3;
  static constexpr std::size_t kMaxOpen = 2;

  bool MayWait() const { return waiting_.size() < kMaxWaiting; }
  void Wait(WaitingPull pull) { waiting_.push_back(std::move(pull)); }

  // The first that `may(pull)` lets go, in the order in which they came.
  template <typename May>
  std::optional<WaitingPull> TakeReady(const May& may) {
    for (auto place = waiting_.begin(); place != waiting_.end(); ++place) {
      if (!may(*place)) continue;
      WaitingPull ready = std::move(*place);
      waiting_.erase(place);
      return ready;
    }
    return std::nullopt;
  }

  bool IsOpen(std::uint64_t step) const;
  bool MayOpen() const { return open_.size() < kMaxOpen; }
  void Open(OpenPull pull) { open_.push_back(std::move(pull)); }

  // Nothing: none of this step is open.
  std::optional<OpenPull> TakeOpen(std::uint64_t step);

  // The one that was answered first; null: none is open.
  const OpenPull* oldest_open() const { return open_.empty() ? nullptr : &open_.front(); }

 private:
  std::deque<WaitingPull> waiting_;
  std::deque<OpenPull> open_;
};

}  // namespace fathom
