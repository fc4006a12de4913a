// Which batches a server's rows hold, and so which pulls may be answered.
//
//   sync      batch s is computed on the rows that hold exactly the batches below s
//   bounded   on rows that hold all batches below s - staleness
//   async     on the rows as they are
//
// An evaluation of version v needs the rows that hold exactly the batches below v in every mode.
// A plain state machine: no clock, no peer.
#pragma once

#include <cstdint>
#include <set>

#include "common/config/config.h"

namespace fathom {

class PullGate {
 public:
  // A worker computes one batch and has pulled for the next, while the rows lack the one before.
  static constexpr std::uint64_t kPullsAhead = 2;

  // `steps`: how many batches there are. The rows hold those below `version`.
  PullGate(const TrainConfig& train, std::uint64_t steps, std::uint64_t version = 0);

  // All batches below are in the rows, this one is not.
  std::uint64_t version() const { return version_; }

  // How many batches are in the rows.
  std::uint64_t applied() const { return version_ + beyond_.size(); }

  bool sync() const { return sync_; }

  // Whether a pull to compute batch `step` on, or to evaluate version `step`, is answered now.
  bool MayTrain(std::uint64_t step) const { return step < steps_ && step <= version_ + allowed_; }
  bool MayEvaluate(std::uint64_t step) const { return step == version_ && beyond_.empty(); }

  // Whether such a pull can make sense at all: its batch is not in the rows yet, and in sync mode
  // no more than kPullsAhead away.
  bool Expects(std::uint64_t step, bool to_train) const;

  // Batch `step` is in the rows from now on; it was not before.
  void Applied(std::uint64_t step);

 private:
  bool sync_;
  std::uint64_t allowed_;  // how far ahead of version() a batch may be computed
  std::uint64_t steps_;
  std::uint64_t version_ = 0;
  std::set<std::uint64_t> beyond_;  // applied batches above version()
};

}  // namespace fathom
