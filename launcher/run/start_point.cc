#include "launcher/run/start_point.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "common/error.h"
#include "common/file/durable_file.h"
#include "common/model/checked_file.h"
#include "common/run_log.h"
#include "launcher/run/model_config.h"

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
  if (const auto step = CheckpointDir::StepOfFolder(dir); step && *step != manifest.step) {
    FailDamaged(dir / kModelSeal.file,
                fmt::format("its step is {}, its folder's name says {}", manifest.step, *step));
  }
  if (!manifest.progress)
    Fail(ExitCode::kModel,
         "{}: a model, not a checkpoint: it cannot be resumed; to begin with its values use "
         "warm_start.model",
         dir.string());
  return manifest;
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
  std::error_code ignored;  // the rename then says what is wrong
  fs::remove_all(aside, ignored);
  Rename(checkpoints.path(), aside);
  LogInfo("the checkpoints of the run before are now {} (resume=auto would have gone on from them)",
          aside.string());
}

StartPoint Decide(const Config& config, const std::string& data, MpiSession& mpi) {
  const ResumeFrom from = ResumeFromOf(config.resume);
  if (from == ResumeFrom::kAuto) {
    if (auto point = ResumeNewest(config, data, mpi)) return *std::move(point);
    LogInfo("no checkpoint to go on from: training from the start");
  } else if (from == ResumeFrom::kFolder) {
    const fs::path dir = PublishedFolder(config.resume, kModelSeal).Find();
    return Resume(config, data, dir, ReadWhole(dir, mpi));
  }
  PutAside(config);
  StartPoint point;
  point.progress.data = data;
  if (config.warm_start.model.empty()) return point;
  point.from = StartFrom::kWarm;
  point.dir = FindModel(config.warm_start.model);
  return point;
}

}  // namespace

CheckpointDir CheckpointsOf(const Config& config) {
  return CheckpointDir(fs::path(config.output.dir) / "checkpoints");
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
