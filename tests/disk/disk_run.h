// A run as the disk sees it: everything changes from step to step, and there are checkpoints of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "common/config/config.h"
#include "common/model/model_spec.h"
#include "common/net/in_process_transport.h"
#include "common/run/checkpoint_dir.h"
#include "common/run/run_context.h"
#include "common/schedule/layout.h"
#include "common/schedule/schedule.h"
#include "launcher/coordinator/checkpoints.h"
#include "tests/disk/checkpoint_contents.h"
#include "tests/support/shard_part.h"

namespace fathom::testing {

// Rows of a DiskRun.
constexpr std::uint64_t kRows = 300;

// Every operation is tried; under sanitizers, which are there to find other faults, every fifth.
constexpr std::size_t kStride = FATHOM_DISK_STRIDE;

class DiskRun {
 public:
  explicit DiskRun(const std::filesystem::path& output, int admission_count = 1);

  // The first step creates the rows, each after it changes some.
  void Change(std::uint64_t step);

  CheckpointReport Save(std::uint64_t step, bool last = false);

  CheckpointDir dir() const { return CheckpointDir(output_ / "checkpoints"); }

 private:
  std::filesystem::path output_;
  Config config_;
  ModelSpec spec_;
  Layout layout_;
  InProcessTransport transport_;
  RunContext context_;
  Schedule schedule_;
  Checkpoints checkpoints_;
  std::vector<std::unique_ptr<ShardPart>> parts_;
};

// What a checkpoint of a step holds where the disk does nothing odd, and no checkpoint is built
// upon another.
const CheckpointContents& ExpectedContents(std::uint64_t step);

}  // namespace fathom::testing
