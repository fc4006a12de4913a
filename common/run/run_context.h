// What every role of a run is given: the same on all ranks but for what it says of its own host,
// and unchanged while the run lasts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/key.h"
#include "common/model/model_spec.h"
#include "common/net/transport.h"
#include "common/profile/stage_log.h"
#include "common/run/model_identity.h"
#include "common/schedule/layout.h"

namespace fathom {

enum class RunMode { kTrain, kEvaluate };

// What the rows of a training run begin with: initial values; a checkpoint, to go on as if nothing
// had happened; another model's values (warm_start).
enum class StartFrom { kNew, kResume, kWarm };

// A row whose life is written down (row_watch.h), or a block of dense parameters.
struct WatchedRow {
  std::uint32_t table = 0;
  Key key = 0;
  std::string name;               // "reader = 58"; "dense = layer 1 weights"
  std::uint64_t dense_first = 0;  // of a block
  std::uint64_t dense_count = 0;  // 0: it is a row
};

// What is to be done, and where the files are.
struct RunTask {
  RunMode mode = RunMode::kTrain;
  std::filesystem::path model_dir;       // read from here: kEvaluate; kTrain if `start` is not kNew
  std::optional<ModelIdentity> model;    // what rank 0 has found in model_dir
  std::filesystem::path save_dir;        // kTrain: on rank 0's host, where the model's files go
  std::filesystem::path checkpoint_dir;  // kTrain: on rank 0's host, <output.dir>/checkpoints
  bool sees_output = true;  // whether this process sees save_dir and checkpoint_dir; else its
                            // servers send their files to the coordinator
  StartFrom start = StartFrom::kNew;  // kTrain
  std::uint64_t start_step = 0;       // kResume: steps that are in the checkpoint
  // kTrain: train.watch, alike on all ranks.
  std::shared_ptr<const std::vector<WatchedRow>> watched =
      std::make_shared<const std::vector<WatchedRow>>();
  std::shared_ptr<StageLog> stages = std::make_shared<StageLog>();  // of this process
};

struct RunFacts : RunTask {
  const Config& config;
  const ModelSpec& spec;
  const Layout& layout;
  std::uint64_t train_examples = 0;       // kTrain
  std::uint64_t evaluation_examples = 0;  // 0: nothing to evaluate on

  Deadline DeadlineFromNow() const {
    return Clock::now() + std::chrono::duration_cast<Clock::duration>(
                              std::chrono::duration<double>(config.cluster.timeout_seconds));
  }
};

// The same, and the transport through which a role speaks.
struct RunContext : RunFacts {
  Transport& transport;
};

}  // namespace fathom
