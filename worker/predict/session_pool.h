// What callers on any threads borrow, without locks: sessions of one scorer, recommenders of one
// catalogue. As many are made as are used at a time, and up to kKept of them are kept.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "worker/predict/recommender.h"
#include "worker/predict/scorer.h"

namespace fathom {

// Thread rule: Take and Give from any thread. What was taken must be given back, or gone, before
// the end. `Own` is made of the `Shared` that it reads.
template <typename Shared, typename Own>
class LendingPool {
 public:
  static constexpr std::size_t kKept = 64;

  explicit LendingPool(const Shared& shared) : shared_(shared) {}
  ~LendingPool() {
    for (auto& slot : slots_) delete slot.load(std::memory_order_acquire);
  }
  LendingPool(const LendingPool&) = delete;
  LendingPool& operator=(const LendingPool&) = delete;

  std::unique_ptr<Own> Take() {
    for (auto& slot : slots_) {
      if (slot.load(std::memory_order_relaxed) == nullptr) continue;
      if (Own* const session = slot.exchange(nullptr, std::memory_order_acq_rel))
        return std::unique_ptr<Own>(session);
    }
    return std::make_unique<Own>(shared_);
  }

  // Of a session all examples must be scored.
  void Give(std::unique_ptr<Own> session) {
    for (auto& slot : slots_) {
      Own* empty = nullptr;
      if (!slot.compare_exchange_strong(empty, session.get(), std::memory_order_acq_rel)) continue;
      session.release();
      return;
    }
  }

 private:
  const Shared& shared_;
  std::array<std::atomic<Own*>, kKept> slots_ = {};
};

using SessionPool = LendingPool<Scorer, ScoringSession>;
using RecommenderPool = LendingPool<Catalogue, Recommender>;

}  // namespace fathom
