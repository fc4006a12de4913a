// What every role of a run is given: the same on all ranks, and unchanged while the run lasts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "common/config.h"
#include "common/layout.h"
#include "common/model_spec.h"
#include "common/stage_log.h"
#include "common/transport.h"

namespace fathom {

enum class RunMode { kTrain, kEvaluate };

struct RunContext {
  const Config& config;
  const ModelSpec& spec;
  const Layout& layout;
  Transport& transport;
  RunMode mode = RunMode::kTrain;
  std::uint64_t train_examples = 0;       // kTrain
  std::uint64_t evaluation_examples = 0;  // 0: nothing to evaluate on
  std::filesystem::path model_dir;        // kEvaluate: read from here
  std::filesystem::path save_dir;         // kTrain: the servers write their files here
  std::shared_ptr<StageLog> stages = std::make_shared<StageLog>();  // of this process

  Deadline DeadlineFromNow() const {
    return Clock::now() + std::chrono::duration_cast<Clock::duration>(
                              std::chrono::duration<double>(config.cluster.timeout_seconds));
  }
};

}  // namespace fathom
