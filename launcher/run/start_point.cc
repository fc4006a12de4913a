#include "launcher/run/start_point.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "common/config/best_model.h"
#include "common/error.h"
#include "common/log_line.h"
#include "common/model/checked_file.h"
#include "common/run/best_dir.h"
#include "common/schedule/schedule.h"
#include "common/settings/config_difference.h"
#include "common/settings/model_settings.h"
#include "launcher/run/model_config.h"
#include "worker/predict/trained_model.h"
#include "worker/transform/learnt_transform.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "fathom " FATHOM_VERSION;

// What rank 0 tells the others.
struct Choice {
  StartFrom from;
  std::uint64_t step;
  ModelIdentity model;
  char dir[4096];
};

// Reads every file of it. Throws Error(kModel): damaged.
Manifest ReadWhole(const fs::path& dir, MpiSession& mpi) {
  Manifest manifest = ReadManifest(dir);
  for (const ModelFileEntry& file : manifest.files) ReadChecked(dir, file, [&] { mpi.Beat(); });
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

StartPoint Resume(const Config& config, const ExampleSource& data, const fs::path& dir,
                  const Manifest& manifest) {
  CheckSameConfig(config, dir, manifest);
  if (manifest.origin.data != data.fingerprint()) {
    Fail(ExitCode::kUsage,
         "{}: the training data are not those of the checkpoint (packed data {}, then {}): restore "
         "them, or begin with the checkpoint's values: warm_start.model",
         dir.string(), data.fingerprint(), manifest.origin.data);
  }
  if (manifest.origin.program != kProgram) {
    LogWarning(
        "{}: the checkpoint is by {}, this is {}: a run of one program alone may train other "
        "bits",
        dir.string(), manifest.origin.program, kProgram);
  }
  if (KeepsBest(config) && !manifest.best) {
    LogWarning("{}: the checkpoint names no best model: the best is that of the steps after {}",
               dir.string(), manifest.step);
  }
  const std::uint64_t end = Schedule(config, data.examples()).steps();
  if (manifest.step > end) {
    Fail(ExitCode::kUsage,
         "{}: the checkpoint is of step {}, and train.epochs = {} ends at step {}: raise "
         "train.epochs, name an earlier checkpoint, or begin anew with resume=restart",
         dir.string(), manifest.step, config.train.epochs, end);
  }
  return {.from = StartFrom::kResume,
          .dir = dir,
          .step = manifest.step,
          .progress = *manifest.progress,
          .best = KeepsBest(config) ? manifest.best : std::nullopt,
          .origin = manifest.origin};
}

// The newest checkpoint that is whole.
std::optional<StartPoint> ResumeNewest(const Config& config, const ExampleSource& data,
                                       MpiSession& mpi) {
  const CheckpointDir checkpoints = CheckpointsOf(config);
  auto steps = checkpoints.Steps();
  std::reverse(steps.begin(), steps.end());
  for (const std::uint64_t step : steps) {
    const fs::path dir = checkpoints.Complete(step);
    try {
      return Resume(config, data, dir, ReadWhole(dir, mpi));
    } catch (const Error& error) {
      if (error.code() != ExitCode::kModel) throw;
      LogWarning("the checkpoint of step {} is damaged, the one before is tried: {}", step,
                 error.what());
    }
  }
  if (steps.empty()) return std::nullopt;
  Fail(ExitCode::kModel,
       "{}: none of the {} checkpoints is whole: resume=restart puts them aside and begins anew",
       checkpoints.path().string(), steps.size());
}

// What is put aside may be what the run begins with.
void PutAside(const Config& config, StartPoint* point) {
  const CheckpointDir checkpoints = CheckpointsOf(config);
  const auto source = point->dir.empty() ? std::nullopt : checkpoints.StepOf(point->dir);
  const bool goes_on = point->from == StartFrom::kResume && source.has_value();
  const auto aside = checkpoints.PutAside(goes_on ? source : std::nullopt);
  const BestDir best(checkpoints.path());
  if (aside) best.PutAside(*aside);
  if (point->best) best.TakeOver(point->dir, *point->best);
  if (aside && source && !goes_on) point->dir = *aside / checkpoints.Complete(*source).filename();
}

StartPoint BeginAnew(const Config& config, const ExampleSource& data) {
  StartPoint point;
  point.origin = {.program = kProgram, .data = data.fingerprint()};
  if (config.warm_start.model.empty()) return point;
  point.from = StartFrom::kWarm;
  point.dir = FindModel(config.warm_start.model);
  return point;
}

// What `open` returns; its errors say by which setting the folder was named.
template <typename Open>
auto NamedBy(const char* setting, const Open& open) {
  try {
    return open();
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", setting, error.what()));
  }
}

StartPoint ResumeFolder(const Config& config, const ExampleSource& data, MpiSession& mpi) {
  const fs::path dir = PublishedFolder(config.resume, kModelSeal).Find();
  const Manifest manifest = NamedBy("resume", [&] { return ReadWhole(dir, mpi); });
  return Resume(config, data, dir, manifest);
}

void CheckWarmup(const Config& config, const ExampleSource& data) {
  const std::uint64_t steps = Schedule(config, data.examples()).steps();
  const auto warmup = static_cast<std::uint64_t>(config.train.warmup_steps);
  if (config.train.schedule == RateSchedule::kConstant || warmup < steps) return;
  Fail(ExitCode::kUsage,
       "train.warmup_steps = {}: the run has {} steps in all, and the learning rates would never "
       "reach their values: set it to less",
       warmup, steps);
}

StartPoint Decide(const Config& config, const ExampleSource& data, MpiSession& mpi) {
  CheckWarmup(config, data);
  switch (ResumeFromOf(config.resume)) {
    case ResumeFrom::kNo:
      RefuseForgottenCheckpoints(config);
      break;
    case ResumeFrom::kRestart:
      break;
    case ResumeFrom::kAuto:
      if (auto point = ResumeNewest(config, data, mpi)) return *std::move(point);
      LogInfo("no checkpoint to go on from: training from the start");
      break;
    case ResumeFrom::kFolder:
      return ResumeFolder(config, data, mpi);
  }
  return BeginAnew(config, data);
}

std::string DigestOf(const Manifest& manifest) { return fmt::format("{:016x}", manifest.digest); }

// The checkpoint that a run is to go on from, as far as its texts tell.
std::optional<TrainedModel> CheckpointToGoOn(const Config& config) {
  const ResumeFrom from = ResumeFromOf(config.resume);
  if (from == ResumeFrom::kFolder)
    return NamedBy("resume", [&] { return OpenModel(config.resume); });
  if (from != ResumeFrom::kAuto) return std::nullopt;
  const CheckpointDir checkpoints = CheckpointsOf(config);
  auto steps = checkpoints.Steps();
  std::reverse(steps.begin(), steps.end());
  for (const std::uint64_t step : steps) {
    try {
      return OpenModel(checkpoints.Complete(step));
    } catch (const Error& error) {  // ChooseStart says so
      if (error.code() != ExitCode::kModel) throw;
    }
  }
  return std::nullopt;
}

// "{}" where no column learns: then it is as if there were none.
EarlierModel Earlier(const TrainedModel& model, std::string digest) {
  const bool learns = !AnyTransformsFromJson(model.transforms_json).empty();
  return {learns ? model.transforms_json : "", std::move(digest)};
}

EarlierModel ReadEarlierModel(const Config& config) {
  if (config.warm_start.model.empty()) return {};
  if (const auto checkpoint = CheckpointToGoOn(config)) {
    try {
      const TrainedModel model = OpenModel(config.warm_start.model);
      if (DigestOf(model.manifest) == checkpoint->manifest.origin.warm_start)
        return Earlier(model, "");
    } catch (const Error& error) {
      if (error.code() != ExitCode::kModel) throw;
    }
    return Earlier(*checkpoint, "");
  }
  const TrainedModel model =
      NamedBy("warm_start.model", [&] { return OpenModel(config.warm_start.model); });
  const auto differences = DifferencesInMeaning(config, model.config, ModelUse::kWarmStart);
  if (!differences.empty()) {
    Fail(ExitCode::kUsage,
         "warm_start.model = {}: what that model has learnt means something else by other "
         "settings: {}; set them as in {}, or give what is new another name",
         model.dir.string(), DescribeDifferences(differences, "the model"),
         (model.dir / kConfigFile).string());
  }
  return Earlier(model, DigestOf(model.manifest));
}

}  // namespace

EarlierModel FindEarlierModel(const Config& config, MpiSession& mpi) {
  EarlierModel earlier;
  if (mpi.rank() == 0) earlier = ReadEarlierModel(config);
  for (std::string* const text : {&earlier.transforms_json, &earlier.digest}) {
    const auto first = mpi.BroadcastAny(std::as_bytes(std::span(*text)));
    text->assign(reinterpret_cast<const char*>(first.data()), first.size());
  }
  return earlier;
}

CheckpointDir CheckpointsOf(const Config& config) {
  return CheckpointDir(fs::path(config.output.dir) / "checkpoints");
}

void RefuseForgottenCheckpoints(const Config& config) {
  if (ResumeFromOf(config.resume) != ResumeFrom::kNo) return;
  const CheckpointDir checkpoints = CheckpointsOf(config);
  const auto steps = checkpoints.Steps();
  if (steps.empty()) return;
  Fail(ExitCode::kUsage,
       "{}: there are checkpoints of an earlier run, the newest of step {}: resume=auto goes on "
       "from it, resume=restart puts them aside and begins anew",
       checkpoints.path().string(), steps.back());
}

StartPoint ChooseStart(const Config& config, const ExampleSource& data, MpiSession& mpi) {
  StartPoint point;
  if (mpi.rank() == 0) {
    point = Decide(config, data, mpi);
    PutAside(config, &point);
    if (point.from != StartFrom::kNew) point.model = IdentityOf(point.dir);
    if (point.from == StartFrom::kWarm)
      point.origin.warm_start = fmt::format("{:016x}", point.model->digest);
  }
  Choice choice{.from = point.from,
                .step = point.step,
                .model = point.model.value_or(ModelIdentity()),
                .dir = {}};
  const std::string dir = point.dir.empty() ? "" : fs::absolute(point.dir).string();
  if (dir.size() >= sizeof(choice.dir))
    Fail(ExitCode::kUsage, "the path of a checkpoint or model is too long: {}", dir);
  std::memcpy(choice.dir, dir.data(), dir.size());
  mpi.Broadcast(std::as_writable_bytes(std::span(&choice, 1)));
  point.from = choice.from;
  point.step = choice.step;
  if (point.from != StartFrom::kNew) point.model = choice.model;
  point.dir = choice.dir;
  if (mpi.rank() == 0 && point.from == StartFrom::kResume)
    LogInfo("going on from step {}: {}", point.step, point.dir.string());
  if (mpi.rank() == 0 && point.from == StartFrom::kWarm)
    LogInfo("beginning with the values of {}", point.dir.string());
  return point;
}

}  // namespace fathom
