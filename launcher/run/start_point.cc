#include "launcher/run/start_point.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <sstream>

#include "common/config/config_file.h"
#include "common/error.h"
#include "common/model/checked_file.h"
#include "common/run_log.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// What rank 0 tells the others.
struct Choice {
  StartFrom from;
  std::uint64_t step;
  char dir[4096];
};

// Reads every file of it. Throws Error(kModel): damaged.
Manifest ReadWhole(const fs::path& dir, MpiSession& mpi) {
  Manifest manifest = ReadManifest(dir);
  for (const ModelFileEntry& file : manifest.files) {
    ReadChecked(dir, file);
    mpi.Beat();
  }
  if (!manifest.progress)
    Fail(ExitCode::kModel,
         "{}: a model, not a checkpoint: it cannot be resumed; to begin with its values use "
         "warm_start.model",
         dir.string());
  return manifest;
}

// The settings that may differ between a checkpoint and the run that goes on from it.
Config Comparable(Config config) {
  config.train.epochs = 1;
  config.evaluate.every_steps = 0;
  config.data.dir.clear();
  return config;
}

void CheckSameConfig(const Config& config, const fs::path& dir, const Manifest& manifest) {
  const std::string text = ReadTextFile(dir, manifest, "config.toml");
  const Config then = ParseConfig(text, (dir / "config.toml").string(), dir, {});
  std::istringstream old_lines(ModelConfigText(Comparable(then)));
  std::istringstream new_lines(ModelConfigText(Comparable(config)));
  std::string old_line, new_line;
  for (;;) {
    const bool has_old = static_cast<bool>(std::getline(old_lines, old_line));
    const bool has_new = static_cast<bool>(std::getline(new_lines, new_line));
    if (!has_old && !has_new) return;
    if (has_old == has_new && old_line == new_line) continue;
    Fail(ExitCode::kUsage,
         "{}: the checkpoint was trained with \"{}\", the config says \"{}\"; to go on, set it as "
         "it "
         "was, or begin with the checkpoint's values: warm_start.model",
         dir.string(), has_old ? old_line : "", has_new ? new_line : "");
  }
}

StartPoint Resume(const Config& config, const std::string& data, const fs::path& dir,
                  const Manifest& manifest) {
  CheckSameConfig(config, dir, manifest);
  if (manifest.progress->data != data) {
    Fail(ExitCode::kUsage,
         "{}: the training data are not those of the checkpoint (packed data {}, then {}): restore "
         "them, or begin with the checkpoint's values: warm_start.model",
         dir.string(), data, manifest.progress->data);
  }
  return {.from = StartFrom::kResume,
          .dir = dir,
          .step = manifest.step,
          .progress = *manifest.progress};
}

// The newest checkpoint that is whole.
std::optional<StartPoint> ResumeNewest(const Config& config, const std::string& data,
                                       MpiSession& mpi) {
  const CheckpointDir checkpoints = CheckpointsOf(config);
  auto steps = checkpoints.Steps();
  std::reverse(steps.begin(), steps.end());
  for (const std::uint64_t step : steps) {
    const fs::path dir = checkpoints.Complete(step);
    try {
      const Manifest manifest = ReadWhole(dir, mpi);
      return Resume(config, data, dir, manifest);
    } catch (const Error& error) {
      if (error.code() != ExitCode::kModel) throw;
      LogWarning("the checkpoint of step {} is damaged, the one before is tried: {}", step,
                 error.what());
    }
  }
  if (steps.empty()) return std::nullopt;
  Fail(ExitCode::kModel, "{}: none of the {} checkpoints is whole: to begin anew use resume=no",
       checkpoints.path().string(), steps.size());
}

void PutAside(const Config& config) {
  const CheckpointDir checkpoints = CheckpointsOf(config);
  if (checkpoints.Steps().empty()) return;
  const fs::path aside = checkpoints.path().string() + ".old";
  std::error_code refused;
  fs::remove_all(aside, refused);
  fs::rename(checkpoints.path(), aside, refused);
  if (refused) {
    Fail(ExitCode::kModel, "{}: cannot be renamed to {}: {}", checkpoints.path().string(),
         aside.string(), refused.message());
  }
  LogInfo("the checkpoints of the run before are now {} (resume=auto would have gone on from them)",
          aside.string());
}

StartPoint Decide(const Config& config, const std::string& data, MpiSession& mpi) {
  const ResumeFrom from = ResumeFromOf(config.resume);
  if (from == ResumeFrom::kAuto) {
    if (auto point = ResumeNewest(config, data, mpi)) return *std::move(point);
    LogInfo("no checkpoint to go on from: training from the start");
  } else if (from == ResumeFrom::kFolder) {
    const fs::path dir = config.resume;
    return Resume(config, data, dir, ReadWhole(dir, mpi));
  }
  PutAside(config);
  StartPoint point;
  point.progress.data = data;
  if (config.warm_start.model.empty()) return point;
  point.from = StartFrom::kWarm;
  const fs::path model = config.warm_start.model;
  point.dir = fs::exists(model / "model" / "manifest.json") ? model / "model" : model;
  return point;
}

}  // namespace

CheckpointDir CheckpointsOf(const Config& config) {
  return CheckpointDir(fs::path(config.output.dir) / "checkpoints");
}

std::string ModelConfigText(Config config) {
  config.resume = Config().resume;
  config.output = {};
  config.cluster = {};
  config.checkpoint = {};
  config.server.huge_pages = ServerConfig().huge_pages;
  if (!config.server.cold_tier.empty()) {  // then the limit decides only where rows lie
    config.server.cold_tier.clear();
    config.server.memory_limit = ServerConfig().memory_limit;
    config.server.at_limit = ServerConfig().at_limit;
  }
  config.data.packed_dir.clear();
  config.train.trace = false;
  return DumpConfig(config);
}

StartPoint ChooseStart(const Config& config, const std::string& data, MpiSession& mpi) {
  StartPoint point;
  if (mpi.rank() == 0) point = Decide(config, data, mpi);
  Choice choice{.from = point.from, .step = point.step, .dir = {}};
  const std::string dir = point.dir.empty() ? "" : fs::absolute(point.dir).string();
  if (dir.size() >= sizeof(choice.dir))
    Fail(ExitCode::kUsage, "the path of a checkpoint or model is too long: {}", dir);
  std::memcpy(choice.dir, dir.data(), dir.size());
  mpi.Broadcast(std::as_writable_bytes(std::span(&choice, 1)));
  point.from = choice.from;
  point.step = choice.step;
  point.dir = choice.dir;
  if (mpi.rank() == 0 && point.from == StartFrom::kResume)
    LogInfo("going on from step {}: {}", point.step, point.dir.string());
  if (mpi.rank() == 0 && point.from == StartFrom::kWarm)
    LogInfo("beginning with the values of {}", point.dir.string());
  return point;
}

}  // namespace fathom
