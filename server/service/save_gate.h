// When a server's model is saved, and which training it holds back until then: no batch from the
// step on at which the model is to be saved, so that the rows hold exactly the batches below it, in
// every consistency mode.
//
// The schedule says where the next checkpoint is due and where a model is judged. There training
// goes on once the checkpoint is written or the coordinator says so (a best model may be saved
// before). The coordinator may ask for an earlier checkpoint:
// it has every server pause, and then names a step that none of them has passed. A plain state
// machine: no clock, no peer. Thread rule: the server's thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "common/message/save_request.h"
#include "common/schedule/schedule.h"

namespace fathom {

class SaveGate {
 public:
  // The model holds the batches below `version`.
  SaveGate(const Schedule& schedule, std::uint64_t version)
      : schedule_(schedule),
        begun_(version),
        hold_at_(schedule.JudgeAfter(version) ? version : schedule.NextHold(version)) {}

  // Whether the rows may be given out to compute this batch on; if they are, say Begin.
  bool MayBegin(std::uint64_t step) const { return step < hold_at_; }
  void Begin(std::uint64_t step) { begun_ = std::max(begun_, step + 1); }

  // Begins no more batches than were begun; returns the first of those that were not.
  std::uint64_t Pause() {
    hold_at_ = std::min(hold_at_, begun_);
    return hold_at_;
  }

  // The model is to be saved as it is before batch `step`. False: it cannot be any more.
  bool Ask(std::uint64_t step, const SaveRequest& request) {
    if (step < begun_ || asked_) return false;
    hold_at_ = step;
    asked_ = request;
    return true;
  }

  // The request whose time has come, once. Training goes on after a checkpoint that is not the
  // last.
  std::optional<SaveRequest> Take(std::uint64_t version) {
    if (!asked_ || version != hold_at_) return std::nullopt;
    if (asked_->kind == SaveKind::kCheckpoint && !asked_->last)
      hold_at_ = schedule_.NextHold(version);
    return std::exchange(asked_, std::nullopt);
  }

  // The model is judged and need not be saved any more: training goes on. False: it is not held
  // back there.
  bool GoOn(std::uint64_t version) {
    if (version != hold_at_ || asked_ || !schedule_.JudgeAfter(version)) return false;
    hold_at_ = schedule_.NextHold(version);
    return true;
  }

 private:
  const Schedule& schedule_;
  std::uint64_t begun_;    // all batches given out are below
  std::uint64_t hold_at_;  // none from here on is
  std::optional<SaveRequest> asked_;
};

}  // namespace fathom
