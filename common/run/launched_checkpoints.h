// Which checkpoints of a folder are those of a job that was launched, by what the folder held when
// the launch began and what it holds now. No clock is asked: those of hosts and file servers
// differ.
//
// A job that does not go on from the newest checkpoint puts those aside that it does not go on from
// (checkpoint_dir.h): until then all that are there are an earlier run's. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/config/kinds.h"
#include "common/run/checkpoint_dir.h"

namespace fathom {

class LaunchedCheckpoints {
 public:
  // Looks at the folder, before the first start of a job that has this `resume`.
  LaunchedCheckpoints(CheckpointDir dir, ResumeFrom resume);

  // The newest from which the job may be started again by resume=auto; nothing: as it was asked
  // for at first.
  std::optional<std::uint64_t> Newest() const;

 private:
  CheckpointDir dir_;
  bool all_;  // those that were there are the job's, too
  std::vector<std::uint64_t> before_;
  int put_aside_before_;
};

}  // namespace fathom
