// Which checkpoints in a folder were written by a job of `fathom launch`: found by comparing what
// the folder held when the launch began with what it holds now. File times are not used, because
// the clocks of hosts and file servers differ.
//
// A job that begins anew, or goes on from an earlier checkpoint, first puts the others aside
// (checkpoint_dir.h). Until it has done so, all checkpoints there are an earlier run's. Thread
// rule: one thread.
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

  // The step of the newest checkpoint that is this job's: the job can be started again with
  // resume=auto. Nothing: it must be started again with its first `resume`.
  std::optional<std::uint64_t> Newest() const;

 private:
  CheckpointDir dir_;
  bool all_;  // the checkpoints that were there before are the job's, too
  std::vector<std::uint64_t> before_;
  int put_aside_before_;
};

}  // namespace fathom
