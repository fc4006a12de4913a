// Sessions of one scorer that callers on any threads borrow, without locks: as many are made as are
// used at a time, and up to kKept of them are kept.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "worker/predict/scorer.h"

namespace fathom {

// Thread rule: Take and Give from any thread. All sessions must be given back before the end.
class SessionPool {
 public:
  static constexpr std::size_t kKept = 64;

  explicit SessionPool(const Scorer& scorer) : scorer_(scorer) {}
  ~SessionPool() {
    for (auto& slot : slots_) delete slot.load(std::memory_order_acquire);
  }
  SessionPool(const SessionPool&) = delete;
  SessionPool& operator=(const SessionPool&) = delete;

  std::unique_ptr<ScoringSession> Take() {
    for (auto& slot : slots_) {
      if (slot.load(std::memory_order_relaxed) == nullptr) continue;
      if (ScoringSession* const session = slot.exchange(nullptr, std::memory_order_acq_rel))
        return std::unique_ptr<ScoringSession>(session);
    }
    return std::make_unique<ScoringSession>(scorer_);
  }

  // A session whose examples were all scored.
  void Give(std::unique_ptr<ScoringSession> session) {
    for (auto& slot : slots_) {
      ScoringSession* empty = nullptr;
      if (!slot.compare_exchange_strong(empty, session.get(), std::memory_order_acq_rel)) continue;
      session.release();
      return;
    }
  }

 private:
  const Scorer& scorer_;
  std::array<std::atomic<ScoringSession*>, kKept> slots_ = {};
};

}  // namespace fathom
